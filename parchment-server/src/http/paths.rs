//! The paths of an interface, with what may be done there.

use std::collections::HashMap;

use poem_openapi::{OpenApi, registry::MetaApi};

/// One path of the interface.
#[derive(Debug)]
pub struct KnownPath {
    /// Its template, such as `/auth/sessions/{sessionId}`.
    pub template: String,
    /// Its methods, as the `Allow` header lists them.
    pub methods: String,
}

/// All paths of an interface.
#[derive(Debug)]
pub struct Paths {
    /// Those without parameters, by their template.
    literal: HashMap<String, KnownPath>,
    /// The others, those with fewer parameters first.
    others: Vec<KnownPath>,
}

impl Paths {
    /// The paths of an interface.
    pub fn of<A: OpenApi>() -> Self {
        let paths = A::meta().into_iter().flat_map(|MetaApi { paths }| paths);
        let paths = paths.map(|path| {
            let methods = path.operations.iter().map(|operation| operation.method.as_str());
            KnownPath {
                methods: methods.collect::<Vec<_>>().join(", "),
                template: path.path,
            }
        });
        let parameters = |path: &KnownPath| segments(&path.template).filter(|segment| is_parameter(segment)).count();
        let (literal, mut others): (Vec<_>, Vec<_>) = paths.partition(|path| parameters(path) == 0);
        // A path without parameters is meant before one with.
        others.sort_by_key(parameters);
        Self {
            literal: literal.into_iter().map(|path| (path.template.clone(), path)).collect(),
            others,
        }
    }

    /// The path that a request is for.
    pub fn find(&self, path: &str) -> Option<&KnownPath> {
        let literal = self.literal.get(path);
        literal.or_else(|| {
            // A slash too many, at the end or between, makes no other path.
            let plain: String = segments(path).flat_map(|segment| ["/", segment]).collect();
            self.literal.get(&plain).or_else(|| self.with_parameters(path))
        })
    }

    fn with_parameters(&self, path: &str) -> Option<&KnownPath> {
        self.others.iter().find(|known| {
            let mut asked = segments(path);
            let fits = segments(&known.template).all(|segment| {
                asked
                    .next()
                    .is_some_and(|asked| asked == segment || is_parameter(segment))
            });
            fits && asked.next().is_none()
        })
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::Api;

    #[test]
    fn a_path_is_found_by_its_template_and_a_literal_one_before_one_with_parameters() {
        let paths = Paths::of::<Api>();
        let find = |path: &str| {
            paths
                .find(path)
                .map(|known| (known.template.as_str(), known.methods.as_str()))
        };
        assert_eq!(find("/auth/sessions/current/"), Some(("/auth/sessions/current", "GET")));
        assert_eq!(find("/auth/sessions/x"), Some(("/auth/sessions/{sessionId}", "DELETE")));
        assert_eq!(find("/auth/sessions/x/y"), None);
        assert_eq!(find("/auth"), None);
        assert_eq!(find("/"), None);
    }
}
