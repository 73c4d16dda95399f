//! Simulated devices: real keys, real signatures, the real protocol. What a browser does, without the browser.

pub mod bare;
pub mod board;
pub mod credential;
pub mod crew;
pub mod crews;
pub mod device;
pub mod fleet;
pub mod floor;
pub mod ground;
pub mod line;
pub mod live;
pub mod options;
pub mod pace;
pub mod probe;
pub mod report;
pub mod run;
pub mod scenario;
pub mod site;
pub mod sources;
pub mod times;
pub mod watch;
