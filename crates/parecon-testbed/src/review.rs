//! For `parecon-review`.
