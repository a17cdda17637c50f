//! Reads the declarations of `src/capi` and makes plain ones of them that cbindgen understands.

use quote::{ToTokens, quote};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Item, Meta, Signature, Token, Type};

/// Everything `src/capi` declares.
#[derive(Default)]
pub(crate) struct Capi {
    /// File name in `types/` to what it declares.
    pub(crate) types: BTreeMap<String, Types>,
    /// Prototypes by name, as Rust functions with an empty body.
    pub(crate) functions: BTreeMap<String, String>,
}

/// What one file of `types/` declares.
#[derive(Default)]
pub(crate) struct Types {
    /// Structs, enums, type aliases and numbers, as Rust.
    pub(crate) items: String,
    /// Names of the structs and enums among them.
    pub(crate) names: Vec<String>,
    /// String constants: name, value, documentation.
    pub(crate) strings: Vec<(String, String, String)>,
}

impl Capi {
    /// Reads the folder `capi`.
    pub(crate) fn read(capi: &Path) -> Result<Capi, String> {
        let mut found = Capi::default();
        found.read_folder(capi)?;
        Ok(found)
    }

    fn read_folder(&mut self, folder: &Path) -> Result<(), String> {
        for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
            let path = entry.map_err(|e| e.to_string())?.path();
            if path.is_dir() {
                self.read_folder(&path)?;
            } else if path.extension().is_some_and(|e| e == "rs") {
                self.read_file(&path)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path) -> Result<(), String> {
        let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let text = fs::read_to_string(path).map_err(|e| failed(&e))?;
        let file = syn::parse_file(&text).map_err(|e| failed(&e))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let in_types = path.parent().is_some_and(|p| p.ends_with("types"));
        if in_types && stem != "mod" && stem != "tests" {
            let types = Types::read(file.items).map_err(|e| failed(&e))?;
            self.types.insert(stem.into_owned(), types);
        } else {
            self.read_functions(file.items).map_err(|e| failed(&e))?;
        }
        Ok(())
    }

    /// Takes `#[unsafe(no_mangle)] extern "C"` functions and the tables in `missing!` and
    /// `exports!`.
    fn read_functions(&mut self, items: Vec<Item>) -> syn::Result<()> {
        for item in items {
            match item {
                Item::Fn(function) if is_exported(&function.attrs) => {
                    let attrs = for_c(function.attrs);
                    self.add_function(&attrs, &function.sig);
                }
                Item::Macro(item) if item.mac.path.is_ident("missing") => {
                    let table: Table = item.mac.parse_body()?;
                    for function in table.0 {
                        self.add_function(&function.attrs, &function.sig);
                    }
                }
                Item::Macro(item) if item.mac.path.is_ident("exports") => {
                    let exports: Exports = item.mac.parse_body()?;
                    for (attrs, sig) in exports.0 {
                        self.add_function(&for_c(attrs), &sig);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add_function(&mut self, attrs: &[Attribute], sig: &Signature) {
        let (name, inputs, output) = (&sig.ident, &sig.inputs, &sig.output);
        let line = quote! {
            #(#attrs)* #[unsafe(no_mangle)] pub extern "C" fn #name(#inputs) #output {}
        };
        self.functions.insert(name.to_string(), line.to_string());
    }
}

/// The body of `exports!`: attributes, signature, `=>`, the function's body, `;`.
struct Exports(Vec<(Vec<Attribute>, Signature)>);

impl Parse for Exports {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut functions = Vec::new();
        while !input.is_empty() {
            functions.push((input.call(Attribute::parse_outer)?, input.parse()?));
            input.parse::<Token![=>]>()?;
            input.parse::<Expr>()?;
            input.parse::<Token![;]>()?;
        }
        Ok(Exports(functions))
    }
}

/// The body of `missing!`.
struct Table(Vec<syn::ForeignItemFn>);

impl Parse for Table {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut functions = Vec::new();
        while !input.is_empty() {
            functions.push(input.parse()?);
        }
        Ok(Table(functions))
    }
}

impl Types {
    fn read(items: Vec<Item>) -> syn::Result<Types> {
        let mut types = Types::default();
        for item in items {
            match item {
                Item::Struct(mut item) => {
                    // A struct that C only knows by name is one without repr(C) to cbindgen.
                    let opaque = item
                        .fields
                        .iter()
                        .any(|f| f.ident.as_ref().is_some_and(|name| name == "_opaque"));
                    item.attrs.retain(|a| {
                        !(a.path().is_ident("derive") || opaque && a.path().is_ident("repr"))
                    });
                    types.names.push(item.ident.to_string());
                    types.add(&item);
                }
                Item::Type(item) => types.add(&item),
                Item::Const(item) => types.add_const(item),
                Item::Macro(item) if item.mac.path.is_ident("c_enum") => {
                    let c_enum: CEnum = item.mac.parse_body()?;
                    types.add_enum(c_enum);
                }
                _ => {}
            }
        }
        Ok(types)
    }

    fn add(&mut self, item: &impl ToTokens) {
        self.items.push_str(&item.to_token_stream().to_string());
        self.items.push('\n');
    }

    fn add_const(&mut self, item: syn::ItemConst) {
        if let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &*item.expr {
            self.strings.push((item.ident.to_string(), text.value(), doc(&item.attrs)));
        } else {
            self.add(&item);
        }
    }

    fn add_enum(&mut self, c_enum: CEnum) {
        let CEnum { attrs, name, members, .. } = c_enum;
        // The name of an anonymous one is taken out of the header again.
        let name = name.unwrap_or_else(|| {
            let first = members.first().map(|m| m.name.to_string()).unwrap_or_default();
            Ident::new(&format!("{ANONYMOUS}{first}"), proc_macro2::Span::call_site())
        });
        let members = members.iter().map(|Member { attrs, name, value }| {
            quote! { #(#attrs)* #name = #value }
        });
        self.names.push(name.to_string());
        self.add(&quote! { #(#attrs)* #[repr(C)] pub enum #name { #(#members),* } });
    }
}

/// What the names of anonymous enums begin with.
pub(crate) const ANONYMOUS: &str = "ANONYMOUS_";

/// The body of `c_enum!`.
struct CEnum {
    attrs: Vec<Attribute>,
    name: Option<Ident>,
    members: Punctuated<Member, Token![,]>,
}

struct Member {
    attrs: Vec<Attribute>,
    name: Ident,
    value: Expr,
}

impl Parse for CEnum {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Token![pub]>()?;
        input.parse::<Token![enum]>()?;
        let name = match input.parse::<Option<Token![_]>>()? {
            Some(_) => None,
            None => Some(input.parse()?),
        };
        input.parse::<Token![:]>()?;
        input.parse::<Type>()?;
        let body;
        syn::braced!(body in input);
        Ok(CEnum { attrs, name, members: Punctuated::parse_terminated(&body)? })
    }
}

impl Parse for Member {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Member { attrs, name, value: input.parse()? })
    }
}

fn is_exported(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| match &a.meta {
        Meta::List(list) if a.path().is_ident("unsafe") => {
            list.parse_args::<Ident>().is_ok_and(|name| name == "no_mangle")
        }
        _ => false,
    })
}

/// Documentation and deprecation: what of a function's attributes goes into a header. The contract
/// for Rust callers, from "# Safety" on, does not.
fn for_c(attrs: Vec<Attribute>) -> Vec<Attribute> {
    let mut kept = Vec::new();
    let mut contract = false;
    for attr in attrs {
        if let Some(line) = doc_line(&attr) {
            contract |= line.trim() == "# Safety";
            if !contract {
                kept.push(attr);
            }
        } else if attr.path().is_ident("deprecated") {
            // Before the documentation: what follows takes empty lines off its end.
            kept.insert(0, attr);
        }
    }
    while kept.last().and_then(doc_line).is_some_and(|line| line.trim().is_empty()) {
        kept.pop();
    }
    kept
}

fn doc_line(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn doc(attrs: &[Attribute]) -> String {
    attrs.iter().filter_map(doc_line).collect::<Vec<_>>().join("\n")
}
