//! What `is:` and `has:` know by name, and what each of them means in terms of fields.

use super::condition::{Condition, Numbers, Subject};
use super::field::Field;
use super::glob::{Glob, Token};
use super::path::JsonPath;
use super::term::{Expr, Term};

macro_rules! flags {
    ($($(#[$doc:meta])* $flag:ident $name:literal,)*) => {
        /// A name for a condition that would be long to type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Flag {
            $($(#[$doc])* $flag,)*
        }

        impl Flag {
            pub const ALL: &'static [Self] = &[$(Self::$flag,)*];

            /// As it is typed after `is:`; [`Diff`](Self::Diff) after `has:`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$flag => $name,)*
                }
            }
        }
    };
}

flags! {
    /// Status 401, 403, or 404, which OCI answers for what one may not see as well as for what does not exist.
    Denied "denied",
    /// Made by a service: it is named as the caller on behalf of somebody, or its id is no OCID.
    Service "service",
    /// Made in a console session, or with a browser.
    Console "console",
    Cli "cli",
    /// An SDK, other than under the CLI or Terraform.
    Sdk "sdk",
    Terraform "terraform",
    /// Signed by an instance principal.
    Instance "instance",
    /// The beginning of a long operation.
    Begin "begin",
    /// The end of a long operation.
    End "end",
    /// What a resource was before, or after, is in the event.
    Diff "diff",
}

impl Flag {
    /// The condition in full.
    pub fn meaning(self) -> Expr {
        match self {
            Self::Denied => {
                let statuses = [401, 403, 404].map(|status| Condition::Number(Numbers::Between(status, status)));
                about(Field::Status, Condition::Any(statuses.into()))
            }
            Self::Service => Expr::Or(vec![
                about(Field::Caller, Condition::Present),
                Expr::And(vec![about(Field::UserId, Condition::Present), begins(Field::UserId, "ocid1.").negated()]),
            ]),
            Self::Console => {
                Expr::Or(vec![about(Field::Session, Condition::Present), begins(Field::Agent, "Mozilla/")])
            }
            Self::Cli => contains(Field::Agent, "Oracle-PythonCLI"),
            Self::Terraform => contains(Field::Agent, "Terraform"),
            Self::Sdk => Expr::And(vec![
                about(Field::Agent, Condition::Glob(glob("Oracle-*SDK/*"))),
                Self::Cli.meaning().negated(),
                Self::Terraform.meaning().negated(),
            ]),
            Self::Instance => {
                Expr::Or(vec![Term::equals(Field::Auth, "instance").into(), begins(Field::UserId, "ocid1.instance.")])
            }
            Self::Begin => about(Field::Type, Condition::Glob(glob("*.begin"))),
            Self::End => about(Field::Type, Condition::Glob(glob("*.end"))),
            Self::Diff => Expr::Or(["previous", "current"].into_iter().filter_map(state).collect()),
        }
    }
}

fn about(field: Field, condition: Condition) -> Expr {
    Term::About { subject: Subject::Field(field), condition }.into()
}

fn contains(field: Field, text: &str) -> Expr {
    Term::contains(field, text).into()
}

fn begins(field: Field, text: &str) -> Expr {
    about(field, Condition::Glob(glob(&format!("{text}*"))))
}

fn state(which: &str) -> Option<Expr> {
    let path = JsonPath::new(["data", "stateChange", which].map(str::to_owned).into())?;
    Some(Term::About { subject: Subject::Path(path), condition: Condition::Present }.into())
}

fn glob(text: &str) -> Glob {
    Glob::new(text.chars().map(|c| if c == '*' { Token::Many } else { Token::Char(c) }).collect())
}
