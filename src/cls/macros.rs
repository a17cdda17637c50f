//! Structs from lists of their fields.

/// A struct whose encoding is its fields one after the other.
macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::codec::Encode for $name {
            fn encode(&self, _writer: &mut $crate::codec::Writer) {
                $($crate::codec::Encode::encode(&self.$field, _writer);)*
            }
        }

        impl $crate::codec::Decode for $name {
            const MIN_SIZE: usize = 0 $(+ <$type as $crate::codec::Decode>::MIN_SIZE)*;
            fn decode(
                _reader: &mut $crate::codec::Reader<'_>,
                _field: &'static str,
            ) -> $crate::errno::Result<Self> {
                Ok($name { $($field: $crate::codec::Decode::decode(
                    _reader, concat!(stringify!($name), ".", stringify!($field)))?,)* })
            }
        }
    )*};
}

/// A versioned struct: `(version, oldest reader)`, then fields; a field `since N` is absent, and
/// default, in what an older version wrote.
macro_rules! versioned {
    ($($(#[$doc:meta])* $name:ident ($version:literal, $compat:literal) {
        $($(#[$field_doc:meta])* $field:ident: $type:ty $(, since $since:literal)?);* $(;)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::codec::Encode for $name {
            fn encode(&self, writer: &mut $crate::codec::Writer) {
                writer.versioned($version, $compat, |_writer| {
                    $($crate::codec::Encode::encode(&self.$field, _writer);)*
                });
            }
        }

        impl $crate::codec::Decode for $name {
            const MIN_SIZE: usize = 6;
            fn decode(
                reader: &mut $crate::codec::Reader<'_>,
                _field: &'static str,
            ) -> $crate::errno::Result<Self> {
                let (_version, mut _reader) = reader.versioned($version, stringify!($name))?;
                Ok($name { $($field: versioned!(@field _version, _reader,
                    concat!(stringify!($name), ".", stringify!($field)) $(, $since)?),)* })
            }
        }
    )*};
    (@field $version:ident, $reader:ident, $name:expr) => {
        $crate::codec::Decode::decode(&mut $reader, $name)?
    };
    (@field $version:ident, $reader:ident, $name:expr, $since:literal) => {
        if $version >= $since {
            $crate::codec::Decode::decode(&mut $reader, $name)?
        } else {
            Default::default()
        }
    };
}

/// Gives argument structs their class, method and reply.
macro_rules! methods {
    ($class:literal: $($name:ident = $method:literal -> $reply:ty;)*) => {$(
        impl $crate::cls::Method for $name {
            const CLASS: &'static str = $class;
            const NAME: &'static str = $method;
            type Reply = $reply;
        }
    )*};
}

/// Argument structs that are plain, and their methods.
macro_rules! calls {
    ($class:literal: $($(#[$doc:meta])* $name:ident = $method:literal {
        $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
    } -> $reply:ty;)*) => {
        plain! { $($(#[$doc])* $name { $($(#[$field_doc])* $field: $type),* })* }
        methods! { $class: $($name = $method -> $reply;)* }
    };
}

/// An enum stored in one byte (or what `repr` says). A value of a later release is kept as
/// `Unknown`.
macro_rules! byte_enum {
    ($($(#[$doc:meta])* $name:ident: $repr:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $value:literal),* $(,)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A value this release does not know.
            Unknown($repr),
        }

        impl $name {
            /// The stored value.
            #[must_use]
            pub fn to_raw(self) -> $repr {
                match self { $($name::$variant => $value,)* $name::Unknown(value) => value }
            }

            /// From the stored value.
            #[must_use]
            pub fn from_raw(value: $repr) -> Self {
                match value { $($value => $name::$variant,)* other => $name::Unknown(other) }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                $name::from_raw(0)
            }
        }

        impl $crate::codec::Encode for $name {
            fn encode(&self, writer: &mut $crate::codec::Writer) {
                $crate::codec::Encode::encode(&self.to_raw(), writer);
            }
        }

        impl $crate::codec::Decode for $name {
            const MIN_SIZE: usize = size_of::<$repr>();
            fn decode(
                reader: &mut $crate::codec::Reader<'_>,
                field: &'static str,
            ) -> $crate::errno::Result<Self> {
                Ok($name::from_raw($crate::codec::Decode::decode(reader, field)?))
            }
        }
    )*};
}
