//! For `parecon-io`.
