//! The front door as its source describes it: functions, callback, error codes, and what is said of each.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use quote::ToTokens;
use syn::{Attribute, Expr, FnArg, Item, ItemEnum, ItemFn, ItemType, Lit, Meta, Pat, ReturnType, Type};

/// Where the functions are.
pub const FUNCTIONS: &str = "src/abi/mod.rs";
/// Where the type of the callback is.
pub const CALLBACK: &str = "src/abi/progress.rs";
/// Where the error codes are.
pub const CODES: &str = "src/contract/catalogue.rs";

/// What a caller can use.
pub struct Api {
    pub functions: Vec<Function>,
    pub callback: Function,
    pub codes: Vec<Code>,
    /// What is said of the codes as a whole.
    pub codes_doc: Doc,
}

/// An exported function, or the type of one.
pub struct Function {
    pub name: String,
    pub doc: Doc,
    pub arguments: Vec<Argument>,
    /// The Rust type; none for a procedure.
    pub result: Option<String>,
}

/// One argument, with its type as Rust writes it.
pub struct Argument {
    pub name: String,
    pub rust_type: String,
}

/// An error code under its name in C.
pub struct Code {
    pub name: String,
    pub number: i32,
    pub doc: Doc,
}

/// The lines of a doc comment, as for a reader who knows no Rust.
pub type Doc = Vec<String>;

impl Api {
    /// Reads the source in the repository at `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let codes = items(root, CODES)?.into_iter().find_map(as_enum).context("no enum in the catalogue")?;
        Ok(Self {
            functions: items(root, FUNCTIONS)?
                .into_iter()
                .filter_map(as_export)
                .map(|item| function(&item))
                .collect::<Result<_>>()?,
            callback: items(root, CALLBACK)?
                .into_iter()
                .find_map(as_type)
                .context("no type of the callback")
                .and_then(|item| callback(&item))?,
            codes_doc: doc(&codes.attrs),
            codes: codes.variants.iter().map(code).collect::<Result<_>>()?,
        })
    }
}

fn items(root: &Path, path: &str) -> Result<Vec<Item>> {
    let text = fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))?;
    Ok(syn::parse_file(&text).with_context(|| format!("{path} is not Rust"))?.items)
}

fn as_enum(item: Item) -> Option<ItemEnum> {
    if let Item::Enum(item) = item { Some(item) } else { None }
}

fn as_type(item: Item) -> Option<ItemType> {
    if let Item::Type(item) = item { Some(item) } else { None }
}

fn as_export(item: Item) -> Option<ItemFn> {
    match item {
        Item::Fn(item) if item.sig.abi.is_some() => Some(item),
        _ => None,
    }
}

fn function(item: &ItemFn) -> Result<Function> {
    let name = item.sig.ident.to_string();
    let arguments = item.sig.inputs.iter().map(argument).collect::<Result<_>>();
    Ok(Function {
        doc: doc(&item.attrs),
        arguments: arguments.with_context(|| format!("in {name}"))?,
        result: result(&item.sig.output),
        name,
    })
}

fn argument(argument: &FnArg) -> Result<Argument> {
    let FnArg::Typed(typed) = argument else { bail!("an argument without a type") };
    let Pat::Ident(name) = &*typed.pat else { bail!("an argument without a name") };
    Ok(Argument { name: name.ident.to_string(), rust_type: written(&typed.ty) })
}

fn callback(item: &ItemType) -> Result<Function> {
    let Type::FnPtr(pointer) = &*item.ty else { bail!("{} is not the type of a function", item.ident) };
    let argument = |argument: &syn::NamedArg| {
        let (name, _) = argument.name.as_ref().context("an argument of the callback has no name")?;
        Ok(Argument { name: name.to_string(), rust_type: written(&argument.ty) })
    };
    Ok(Function {
        name: item.ident.to_string(),
        doc: doc(&item.attrs),
        arguments: pointer.inputs.iter().map(argument).collect::<Result<_>>()?,
        result: result(&pointer.output),
    })
}

fn result(output: &ReturnType) -> Option<String> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, result) => Some(written(result)),
    }
}

/// The type as it is written, without blanks that say nothing: `*const c_char`.
fn written(rust_type: &Type) -> String {
    rust_type.to_token_stream().to_string().replace("* ", "*").replace(" < ", "<").replace(" >", ">")
}

fn code(variant: &syn::Variant) -> Result<Code> {
    let (_, number) = variant.discriminant.as_ref().with_context(|| format!("{} has no number", variant.ident))?;
    Ok(Code {
        name: format!("AV_ERR_{}", screaming(&variant.ident.to_string())),
        number: number.to_token_stream().to_string().parse().context("a code that is no number")?,
        doc: doc(&variant.attrs),
    })
}

/// `NullArgument` as `NULL_ARGUMENT`.
fn screaming(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(c.to_uppercase());
    }
    words
}

/// The doc comment, without the heading that Rust's linter wants over what the caller must keep to.
fn doc(attributes: &[Attribute]) -> Doc {
    attributes.iter().filter_map(doc_line).filter(|line| line != SAFETY_HEADING).collect()
}

/// The heading in the doc comments that means something to Rust programmers only.
pub const SAFETY_HEADING: &str = "# Safety";

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(value) if pair.path.is_ident("doc") => match &value.lit {
            Lit::Str(text) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{function, screaming};

    #[test]
    fn names_of_codes() {
        assert_eq!(screaming("NullArgument"), "NULL_ARGUMENT");
        assert_eq!(screaming("NotUtf8"), "NOT_UTF8");
        assert_eq!(screaming("Tls"), "TLS");
    }

    #[test]
    fn a_function_is_read_with_its_doc_and_types() {
        let item = syn::parse_quote! {
            /// Does it.
            ///
            /// # Safety
            /// `x` lives.
            pub unsafe extern "C" fn av_x(x: *const c_char, f: Option<av_progress_fn>) -> *mut c_char {}
        };
        let read = function(&item).unwrap();
        assert_eq!(read.doc, ["Does it.", "", "`x` lives."]);
        let types: Vec<_> = read.arguments.iter().map(|argument| argument.rust_type.as_str()).collect();
        assert_eq!(types, ["*const c_char", "Option<av_progress_fn>"]);
        assert_eq!(read.result.as_deref(), Some("*mut c_char"));
    }
}
