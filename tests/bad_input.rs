//! Bad input that needs a host in some state: a coded message, the right exit code, nothing half-written.
