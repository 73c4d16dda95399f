//! Simulated devices: real keys, real signatures, the real protocol. What a browser does, without the browser.

pub mod device;
pub mod fleet;
pub mod line;
pub mod report;
pub mod run;
