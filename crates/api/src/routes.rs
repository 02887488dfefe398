//! What is served besides AWS JSON, and the answer where nothing is.

use functions::invoke_api::{self, InvokeApiOperation};
use http::{HeaderValue, Method};
use matchit::Router;

/// What a request asks of the server, by its method and path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A call of Step Functions.
    AwsJson,
    /// Whether the server answers.
    Health,
    /// A call of Lambda's API.
    InvokeApi(InvokeApiOperation),
}

/// Why a request leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// There is nothing at this path.
    Path,
    /// There is, but not for this method. `Allow` lists those there are.
    Method(HeaderValue),
}

/// The table of paths. Lambda's is there only where there are functions.
pub(crate) struct Routes(Router<Vec<(Method, Endpoint)>>);

impl Routes {
    /// All routes; of Lambda's API only where there are functions.
    pub(crate) fn new(has_functions: bool) -> Self {
        let mut routes = vec![
            ("/", Method::POST, Endpoint::AwsJson),
            ("/", Method::GET, Endpoint::Health),
            ("/", Method::HEAD, Endpoint::Health),
            ("/health", Method::GET, Endpoint::Health),
            ("/health", Method::HEAD, Endpoint::Health),
        ];
        if has_functions {
            let of_lambda =
                invoke_api::ROUTES.iter().map(|(path, method, operation)| (*path, method.clone(), *operation));
            routes.extend(of_lambda.map(|(path, method, operation)| (path, method, Endpoint::InvokeApi(operation))));
        }
        let mut router = Router::new();
        for path in paths(&routes) {
            let methods = routes.iter().filter(|route| route.0 == path);
            let methods = methods.map(|(_, method, endpoint)| (method.clone(), *endpoint)).collect();
            router.insert(path, methods).expect("the paths are written here and in the table of Lambda's API");
        }
        Self(router)
    }

    /// What a request leads to, and the function that its path names.
    pub(crate) fn find<'p>(&self, method: &Method, path: &'p str) -> Result<(Endpoint, &'p str), NoRoute> {
        let found = self.0.at(path).map_err(|_| NoRoute::Path)?;
        let endpoint = found.value.iter().find(|(known, _)| known == method);
        let (_, endpoint) = endpoint.ok_or_else(|| NoRoute::Method(allow(found.value)))?;
        Ok((*endpoint, found.params.get(invoke_api::FUNCTION_PARAMETER).unwrap_or_default()))
    }
}

/// Every path once.
fn paths(routes: &[(&'static str, Method, Endpoint)]) -> Vec<&'static str> {
    let mut paths: Vec<&str> = routes.iter().map(|route| route.0).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// The header `Allow` of a path with those methods.
fn allow(methods: &[(Method, Endpoint)]) -> HeaderValue {
    let names = methods.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>().join(", ");
    HeaderValue::from_str(&names).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use InvokeApiOperation::{GetFunction, GetFunctionConfiguration, Invoke, ListFunctions};

    use super::*;

    #[test]
    fn every_path_leads_somewhere_and_tells_its_methods() {
        let routes = Routes::new(true);
        let lambda = |operation| Ok((Endpoint::InvokeApi(operation), "f"));
        let method = |allow| Err(NoRoute::Method(HeaderValue::from_static(allow)));
        let cases = [
            ("POST /", Ok((Endpoint::AwsJson, ""))),
            ("GET /", Ok((Endpoint::Health, ""))),
            ("HEAD /health", Ok((Endpoint::Health, ""))),
            ("PUT /", method("POST, GET, HEAD")),
            ("POST /health", method("GET, HEAD")),
            ("GET /health/", Err(NoRoute::Path)),
            ("GET /elsewhere", Err(NoRoute::Path)),
            ("GET /2015-03-31/functions", Ok((Endpoint::InvokeApi(ListFunctions), ""))),
            ("GET /2015-03-31/functions/", Ok((Endpoint::InvokeApi(ListFunctions), ""))),
            ("GET /2015-03-31/functions/f", lambda(GetFunction)),
            ("GET /2015-03-31/functions/f/configuration", lambda(GetFunctionConfiguration)),
            ("POST /2015-03-31/functions/f/invocations", lambda(Invoke)),
            ("GET /2015-03-31/functions/f/invocations", method("POST")),
            ("DELETE /2015-03-31/functions/f", method("GET")),
            ("PUT /2015-03-31/functions/f/code", Err(NoRoute::Path)),
            ("GET /2015-03-31/functionsx", Err(NoRoute::Path)),
        ];
        for (request, expected) in cases {
            let (method, path) = request.split_once(' ').unwrap();
            assert_eq!(routes.find(&method.parse().unwrap(), path), expected, "{request}");
        }
    }

    #[test]
    fn without_functions_lambdas_api_is_not_there() {
        let routes = Routes::new(false);
        assert_eq!(routes.find(&Method::POST, "/2015-03-31/functions/f/invocations"), Err(NoRoute::Path));
        assert_eq!(routes.find(&Method::GET, "/"), Ok((Endpoint::Health, "")));
    }
}
