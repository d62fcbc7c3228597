//! For `parecon-planning`.
