//! Python functions with the commands' flags as keywords, made from the
//! arguments' definition. Runs none.

use std::any::TypeId;
use std::fmt::Write;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::args::Arguments;
use super::console;
use crate::error::{Error, Result};

/// A function of the Python package, made of a command.
struct Function {
    /// The command, and the name of the flags' table.
    command: &'static str,
    name: &'static str,
    /// Positional parameters, as Python writes them.
    parameters: &'static [&'static str],
    /// Their names, to be handed on.
    handed: &'static str,
    returns: &'static str,
    /// The first lines of the docstring.
    about: &'static str,
    /// What the docstring says of the positional parameters.
    arguments: &'static str,
    /// What the docstring says behind the keywords.
    end: &'static str,
    /// Flags that the package sets itself.
    own: &'static [&'static str],
}

const DATA: &str =
    "        data: A folder, a manifest, a mapping of splits to folders; or data in memory: a
            `datasets.Dataset` or `DatasetDict`, a torch dataset, a DataFrame with a column of
            paths, a pair of arrays `(images, labels)`, a list of `(image, label)`, or a mapping
            of splits to these. Images are Pillow images, the bytes or the path of a file, or
            arrays of shape `(H, W)`, `(H, W, C)` or `(C, H, W)` with 1 to 4 channels. `None`
            takes what `splitlint.toml` names.
";

const FUNCTIONS: [Function; 3] = [
    Function {
        command: "scan",
        name: "scan",
        parameters: &["data: Any = None"],
        handed: "data",
        returns: "Report",
        about: "Scans a data set and returns its report.",
        arguments: DATA,
        end: "    Returns:
        The report, whatever its verdict; `report.raise_for_verdict()` raises on a bad one.

    Raises:
        SplitlintError: The data cannot be scanned; the message is the program's.
        KeyboardInterrupt: Ctrl-C; the scan was stopped.
",
        own: &[],
    },
    Function {
        command: "digest",
        name: "verify",
        parameters: &["data: Any", "report: Union[Report, str, \"os.PathLike[str]\"]"],
        handed: "data, report",
        returns: "Verification",
        about: "Whether `data` are what `report` is about: same images, labels and splits.\n\n    \
                Every file is read. Names of files and order do not count.",
        arguments: "        data: What is trained on, as :func:`scan` takes it; `None` takes what the report was
            asked to scan.
        report: The report, its folder, or a file that `splitlint digest --write` made.
",
        end: "    Returns:
        The answer, which is true if they are the same, and else names the samples that are not.

    Raises:
        SplitlintError: The two cannot be compared; the message is the program's.
        KeyboardInterrupt: Ctrl-C; the program was stopped.
",
        own: &["check", "write", "format"],
    },
    Function {
        command: "resplit",
        name: "resplit",
        parameters: &["data: Any", "groups: Any = None"],
        handed: "data, groups",
        returns: "NewSplit",
        about: "Splits a data set anew, so that nothing leaks; changes nothing of it.",
        arguments: "        data: A report or its folder, or a data set as :func:`scan` takes it.
        groups: Samples of one group stay together: the path of a CSV file, a mapping of
            samples' names to groups; or of data in memory the group of each sample in
            order, or a mapping of splits to such.
",
        end: "    Returns:
        The new split, which is true if the checks pass on it; `.apply(dataset)` deals a
        dataset.

    Raises:
        SplitlintError: The data cannot be split; the message is the program's.
        KeyboardInterrupt: Ctrl-C; the program was stopped.
",
        own: &[],
    },
];

/// Characters in a line of the docstring, as the package is formatted.
const WIDTH: usize = 100;

/// Prints the module.
pub(super) fn run() -> Result<u8> {
    let command = Arguments::command();
    let mut module = String::from(
        "\"\"\"The commands as functions. Made by `splitlint python`; changed by no hand.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         import os\n\
         from typing import Any, Dict, Mapping, Optional, Sequence, Union\n\n\
         from . import _api\n\
         from ._api import Flag, Verification\n\
         from ._report import Report\n\
         from ._resplit import NewSplit\n\n",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(module, "__version__ = \"{}\"\n", env!("CARGO_PKG_VERSION"));
    module.push_str("Path = Union[str, \"os.PathLike[str]\"]\n");
    for (index, function) in FUNCTIONS.iter().enumerate() {
        // As its formatter parts a function from what follows it.
        module.push_str(if index == 0 { "\n" } else { "\n\n" });
        let found = command.find_subcommand(function.command);
        let found = found.ok_or_else(|| Error::Internal(format!("no `{}`", function.command)))?;
        write_function(&mut module, function, found);
    }
    console::print(&module)?;
    Ok(0)
}

fn write_function(module: &mut String, function: &Function, command: &Command) {
    let flags: Vec<&Arg> = (command.get_arguments())
        .filter(|flag| flag.get_long().is_some() && !flag.is_hide_set())
        .filter(|flag| !function.own.contains(&flag.get_id().as_str()))
        .filter(|flag| !["help", "version"].contains(&flag.get_id().as_str()))
        .collect();
    let table = format!("{}_FLAGS", function.name.to_uppercase());
    let _ = writeln!(module, "{table}: Dict[str, Flag] = {{");
    for flag in &flags {
        let (kind, long) = (Kind::of(flag), flag.get_long().unwrap_or_default());
        let _ = writeln!(
            module,
            "    \"{}\": Flag(\"--{long}\", \"{}\"),",
            keyword(flag),
            kind.name()
        );
    }
    let _ = writeln!(module, "}}\n\n");
    let _ = writeln!(module, "def {}(", function.name);
    for parameter in function.parameters {
        let _ = writeln!(module, "    {parameter},");
    }
    let _ = writeln!(module, "    *,");
    for flag in &flags {
        let kind = Kind::of(flag);
        let _ = writeln!(
            module,
            "    {}: {} = {},",
            keyword(flag),
            kind.annotation(),
            kind.default()
        );
    }
    let _ = writeln!(
        module,
        "    progress: Optional[bool] = None,\n) -> {}:",
        function.returns
    );
    let _ = writeln!(module, "    \"\"\"{}\n\n    Args:", function.about);
    module.push_str(function.arguments);
    for flag in &flags {
        write_described(module, keyword(flag), &described(flag));
    }
    let progress = "Whether to show progress; by default in a notebook and at a terminal.";
    write_described(module, "progress".to_owned(), progress);
    let _ = writeln!(module, "\n{}    \"\"\"", function.end);
    let _ = writeln!(module, "    given: Dict[str, Any] = {{");
    for flag in &flags {
        let _ = writeln!(module, "        \"{0}\": {0},", keyword(flag));
    }
    let _ = writeln!(module, "    }}");
    let _ = writeln!(
        module,
        "    return _api.{}({}, {table}, given, progress)",
        function.name, function.handed
    );
}

/// What a flag takes.
enum Kind {
    Switch,
    Value(&'static str),
    List(&'static str),
    Mapping(&'static str),
}

impl Kind {
    fn of(flag: &Arg) -> Self {
        let takes = flag.get_value_parser().type_id();
        let scalar = if takes == TypeId::of::<PathBuf>() {
            "Path"
        } else if [
            TypeId::of::<usize>(),
            TypeId::of::<u64>(),
            TypeId::of::<u32>(),
            TypeId::of::<u16>(),
        ]
        .iter()
        .any(|whole| takes == *whole)
        {
            "int"
        } else if takes == TypeId::of::<f32>() || takes == TypeId::of::<f64>() {
            "float"
        } else {
            "str"
        };
        let names = flag.get_value_names().unwrap_or_default();
        match flag.get_action() {
            ArgAction::SetTrue => Self::Switch,
            _ if takes == TypeId::of::<(String, f64)>() => Self::Mapping("float"),
            _ if names.iter().any(|name| name.contains('=')) => Self::Mapping("Path"),
            ArgAction::Append => Self::List(scalar),
            _ => Self::Value(scalar),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Value(_) => "value",
            Self::List(_) => "list",
            Self::Mapping(_) => "mapping",
        }
    }

    fn annotation(&self) -> String {
        match self {
            Self::Switch => "bool".to_owned(),
            Self::Value(kind) => format!("Optional[{kind}]"),
            Self::List(kind) => format!("Optional[Union[{kind}, Sequence[{kind}]]]"),
            Self::Mapping(kind) => {
                format!("Optional[Union[Mapping[str, {kind}], Sequence[str]]]")
            }
        }
    }

    fn default(&self) -> &'static str {
        match self {
            Self::Switch => "False",
            _ => "None",
        }
    }
}

fn keyword(flag: &Arg) -> String {
    flag.get_long().unwrap_or_default().replace('-', "_")
}

fn described(flag: &Arg) -> String {
    let mut text = flag.get_help().map(ToString::to_string).unwrap_or_default();
    if let ArgAction::Append = flag.get_action() {
        text = text.replace(" (repeatable)", "");
    }
    let values: Vec<String> = (flag.get_possible_values().iter())
        .map(|value| format!("\"{}\"", value.get_name()))
        .collect();
    if !values.is_empty() && !matches!(flag.get_action(), ArgAction::SetTrue) {
        let _ = write!(text, ". One of {}", values.join(", "));
    }
    text.push('.');
    text.replace('\\', "\\\\")
}

/// `name: text` in lines of at most [`WIDTH`] characters.
fn write_described(module: &mut String, name: String, text: &str) {
    let mut line = format!("        {name}:");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(module, "{line}");
            line = "           ".to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(module, "{line}");
}
