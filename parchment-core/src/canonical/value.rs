//! JSON values that have exactly one canonical text.

use super::order::member_order;

/// A JSON value without ambiguity: unique member names, finite numbers, Unicode scalar values.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A finite double.
    Number(Number),
    /// A text of Unicode scalar values.
    String(String),
    /// Values in the order given.
    Array(Vec<Value>),
    /// Members in canonical order.
    Object(Object),
}

impl Value {
    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The double of a number value.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.get()),
            _ => None,
        }
    }

    /// The elements of an array value.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members of an object value.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

/// A finite IEEE 754 double; negative zero is zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(f64);

impl Number {
    /// A number, unless it is infinite or not a number.
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero turns -0 into 0, which canonical text writes alike.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// The double.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

/// The members of a JSON object: unique names, none of them `__proto__`, kept in canonical order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object(Vec<(String, Value)>);

/// Why some members do not make an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MemberFault {
    Duplicate(String),
    Proto,
}

impl Object {
    /// An object without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts members into canonical order, in place.
    pub(super) fn from_members(mut members: Vec<(String, Value)>) -> Result<Self, MemberFault> {
        members.sort_by(|(a, _), (b, _)| member_order(a, b));
        for pair in members.windows(2) {
            if let [(a, _), (b, _)] = pair
                && a == b
            {
                return Err(MemberFault::Duplicate(a.clone()));
            }
        }
        if members.iter().any(|(name, _)| name == PROTO) {
            return Err(MemberFault::Proto);
        }
        Ok(Self(members))
    }

    /// Sets a member and gives back the value it had.
    ///
    /// A member named `__proto__` is not set: it could not be read back.
    pub fn insert(&mut self, name: &str, value: impl Into<Value>) -> Option<Value> {
        if name == PROTO {
            return None;
        }
        match self.position(name) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| std::mem::replace(old, value.into())),
            Err(at) => {
                self.0.insert(at, (name.to_owned(), value.into()));
                None
            }
        }
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.position(name).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.position(name).ok().map(|at| self.0.remove(at).1)
    }

    /// The members in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(member, _)| member_order(member, name))
    }
}

/// Assigning this member in JavaScript sets a prototype instead, so upstream loses it.
const PROTO: &str = "__proto__";
