//! For `parecon-jobs`.
