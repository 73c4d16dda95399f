//! Simulated devices: real keys, real signatures, the real protocol. What a browser does, without the browser.

pub mod api;
pub mod bare;
pub mod board;
pub mod capacity;
pub mod credential;
pub mod crew;
pub mod crews;
pub mod device;
pub mod fleet;
pub mod floor;
pub mod ground;
pub mod line;
pub mod live;
pub mod mails;
pub mod options;
pub mod owner;
pub mod pace;
pub mod prepare;
pub mod probe;
pub mod report;
pub mod run;
pub mod scenario;
pub mod site;
pub mod sources;
pub mod times;
pub mod watch;
