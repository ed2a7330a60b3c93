//! Keeps secrets from being left behind.

/// A crash leaves no copy of the memory, in which keys and tokens are, and other processes of the user cannot read it.
/// Where the system knows no such thing, nothing changes.
pub fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
        // Neither can fail in a way that would matter more than going on.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}
