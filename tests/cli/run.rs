//! The one way in which these tests run the program: nothing of the caller's
//! environment gets through, and every run states its exit code.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder of its own, with a home beside it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["work", "home", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in it");
        }
        Self { folder }
    }

    /// A path below the folder that the program is run in.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("work").join(relative)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, relative: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("below the place")).expect("folders");
        fs::write(&path, bytes).expect("written");
        path
    }

    pub(crate) fn read(&self, relative: impl AsRef<Path>) -> String {
        let path = self.path(relative);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The program, to be run here.
    pub(crate) fn splitlint<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_splitlint"));
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_CACHE_HOME", self.folder.path().join("home/cache"))
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        // Windows finds no folder for temporary files without these.
        #[cfg(windows)]
        for name in ["SystemRoot", "TEMP", "TMP", "LOCALAPPDATA", "APPDATA"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Run(command)
    }

    /// `splitlint scan data`, without a cache.
    pub(crate) fn scan(&self) -> Run {
        self.splitlint(["scan", "data", "--no-cache"])
    }
}

/// A run about to start.
pub(crate) struct Run(Command);

impl Run {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn into_command(self) -> Command {
        self.0
    }

    /// Runs to the end and holds the exit code against `code`.
    #[track_caller]
    pub(crate) fn exits(mut self, code: i32) -> Answer {
        let output = self.0.output().expect("the program starts");
        let answer = Answer {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert_eq!(
            output.status.code(),
            Some(code),
            "{:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.0,
            answer.stdout,
            answer.stderr
        );
        answer
    }
}

/// What a run said.
pub(crate) struct Answer {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn says(&self, part: &str) -> &Self {
        assert!(
            self.stdout.contains(part),
            "`{part}` is not in the output:\n{}",
            self.stdout
        );
        self
    }

    #[track_caller]
    pub(crate) fn warns(&self, part: &str) -> &Self {
        assert!(
            self.stderr.contains(part),
            "`{part}` is not on standard error:\n{}",
            self.stderr
        );
        self
    }
}
