//! Names of report formats and where each goes. Prints none.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A way to write the findings as one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Text,
    /// The `summary.json` with all findings.
    Json,
    /// Workflow annotations of GitHub.
    Github,
    /// Code-quality JSON of GitLab.
    Gitlab,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// A summary for a pull request.
    Markdown,
}

impl Format {
    /// All, in the order of the help text.
    pub const ALL: [Self; 7] = [
        Self::Text,
        Self::Json,
        Self::Github,
        Self::Gitlab,
        Self::Sarif,
        Self::Junit,
        Self::Markdown,
    ];

    /// The name in flags and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                format!("no format is called `{name}`; use one of {known}")
            })
    }
}

/// One more file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// What it holds.
    pub format: Format,
    /// Where it goes.
    pub path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or_else(|| format!("`{text}` is not `FORMAT=PATH`, as in `sarif=leaks.sarif`"))?;
        Ok(Self {
            format: format.parse()?,
            path: path.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_wants_a_known_format_and_a_path() {
        let output: Output = "junit=out/a=b.xml".parse().expect("well formed");
        assert_eq!(output.format, Format::Junit);
        assert_eq!(output.path, PathBuf::from("out/a=b.xml"));
        for wrong in ["junit", "junit=", "word=a.doc", ""] {
            assert!(wrong.parse::<Output>().is_err(), "{wrong}");
        }
    }
}
