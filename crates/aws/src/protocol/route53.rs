//! Route 53's identities: its answers have them as paths (`/hostedzone/Z1`), its requests take the last part only.
//!
//! As with the AWS SDKs, a request takes either form; results have the last part alone, as the SDK for Java 2 has them.

use std::borrow::Cow;

use serde_json::Value;

use super::parameters::{Field, Parameter};

const PREFIXES: [&str; 3] = ["/hostedzone/", "/change/", "/delegationset/"];

/// Shortens the identities among the parameters.
pub(super) fn shorten_parameters(fields: &mut [Field<'_>]) {
    for (_, value) in fields.iter_mut().filter(|(member, _)| member.name.ends_with("Id")) {
        // A text that is not borrowed was made from a value that is none.
        if let Parameter::Text(Cow::Borrowed(id)) = value {
            *id = short(id).unwrap_or(id);
        }
    }
}

/// Shortens the identities of what a result is about: of zones, changes and sets of servers, one or many.
pub(super) fn shorten_result(output: &mut Value) {
    for value in output.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(shorten_id),
            one => shorten_id(one),
        }
    }
}

fn shorten_id(thing: &mut Value) {
    if let Some(Value::String(id)) = thing.get_mut("Id")
        && let Some(short) = short(id).map(str::to_owned)
    {
        *id = short;
    }
}

fn short(id: &str) -> Option<&str> {
    PREFIXES.into_iter().find_map(|prefix| id.strip_prefix(prefix))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::MissingParameters;
    use crate::protocol::{Given, HttpAnswer, decode, encode};

    #[test]
    fn a_request_takes_an_identity_in_either_form() {
        let service = models::load("route53").unwrap().unwrap();
        for (operation, input, path) in [
            ("GetHostedZone", json!({ "Id": "/hostedzone/Z1" }), "/2013-04-01/hostedzone/Z1"),
            ("GetHostedZone", json!({ "Id": "Z1" }), "/2013-04-01/hostedzone/Z1"),
            ("GetChange", json!({ "Id": "/change/C1" }), "/2013-04-01/change/C1"),
            ("GetReusableDelegationSet", json!({ "Id": "/delegationset/N1" }), "/2013-04-01/delegationset/N1"),
            ("ListResourceRecordSets", json!({ "HostedZoneId": "/hostedzone/Z1" }), "/2013-04-01/hostedzone/Z1/rrset"),
            ("GetHostedZone", json!({ "Id": "/other/Z1" }), "/2013-04-01/hostedzone/%2Fother%2FZ1"),
        ] {
            let given = Given { input: &input, token: "", missing: MissingParameters::Refused };
            let request = encode(&service, service.operation(operation).unwrap(), given).unwrap();
            assert_eq!(request.path, path, "{operation} {input}");
        }
    }

    #[test]
    fn results_have_short_identities() {
        let service = models::load("route53").unwrap().unwrap();
        let told = |operation: &str, body: &'static str| {
            let answer = HttpAnswer { status: 200, headers: Vec::new(), body: body.into() };
            decode(&service, service.operation(operation).unwrap(), &answer).unwrap()
        };
        let change = "<R><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status></ChangeInfo></R>";
        assert_eq!(
            told("ChangeResourceRecordSets", change),
            json!({ "ChangeInfo": { "Id": "C1", "Status": "PENDING" } })
        );
        let zones =
            "<R><HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>/change/n</Name></HostedZone></HostedZones></R>";
        assert_eq!(told("ListHostedZones", zones), json!({ "HostedZones": [{ "Id": "Z1", "Name": "/change/n" }] }));
    }
}
