#![doc = include_str!("../README.md")]

pub use parecon_io as io;
pub use parecon_jobs as jobs;
pub use parecon_planning as planning;
pub use parecon_review as review;
