//! What the packed models hold. The expected values are those of botocore's files.

use std::sync::Arc;

use super::*;

fn service(name: &str) -> Arc<Service> {
    load(name).unwrap().unwrap_or_else(|| panic!("no {name}"))
}

fn structure(service: &Service, id: Option<ShapeId>) -> &Structure {
    match service.shape(id.expect("a structure")) {
        Shape::Structure(structure) => structure,
        other => panic!("{other:?}"),
    }
}

fn member<'a>(structure: &'a Structure, name: &str) -> &'a Member {
    structure.members.iter().find(|member| member.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_service_has_a_sound_model() {
    let (mut services, mut operations) = (0, 0);
    for name in names().unwrap() {
        let service = service(name);
        let Metadata { protocol, target_prefix, json_version, .. } = &service.metadata;
        assert_eq!(service.metadata.name, name);
        let complete = [&service.metadata.signing_name, &service.metadata.error_prefix, &service.metadata.api_version];
        assert!(complete.iter().all(|text| !text.is_empty()), "{name}: {:?}", service.metadata);
        if *protocol == Protocol::Json {
            assert!(!target_prefix.is_empty() && ["1.0", "1.1"].contains(&json_version.as_str()), "{name}");
        }
        assert!(service.operations.is_sorted_by(|a, b| a.name < b.name), "{name}");
        for operation in &service.operations {
            assert!(operation.uri.starts_with('/') && !operation.method.is_empty(), "{name} {operation:?}");
            for id in [operation.input, operation.output].into_iter().flatten() {
                structure(&service, Some(id));
            }
            for id in &operation.errors {
                assert!(structure(&service, Some(*id)).error.is_some(), "{name} {}", operation.name);
            }
            assert_eq!(service.operation(&operation.name).unwrap().name, operation.name);
        }
        for shape in &service.shapes {
            assert_refers_inside(&service, shape);
        }
        services += 1;
        operations += service.operations.len();
    }
    assert!(services > 400 && operations > 18_000, "{services} services, {operations} operations");
}

fn assert_refers_inside(service: &Service, shape: &Shape) {
    match shape {
        Shape::Structure(structure) => {
            structure.members.iter().for_each(|member| _ = service.shape(member.shape));
            assert!(structure.payload.is_none_or(|payload| payload < structure.members.len()), "{structure:?}");
        }
        Shape::List(list) => _ = service.shape(list.member),
        Shape::Map(map) => {
            assert!(matches!(service.shape(map.key), Shape::String), "{map:?}");
            _ = service.shape(map.value);
        }
        _ => {}
    }
}

#[test]
fn a_service_is_known_by_either_name_and_unpacked_once() {
    for (name, folder) in [("sfn", "stepfunctions"), ("cloudwatchlogs", "logs"), ("dynamodb", "dynamodb")] {
        assert!(Arc::ptr_eq(&service(name), &service(folder)), "{name}");
    }
    for unknown in ["", "SFN", "states", "s3 "] {
        assert!(load(unknown).unwrap().is_none(), "{unknown:?}");
    }
    assert!(origin().unwrap().starts_with("botocore "));
}

#[test]
fn services_speak_and_are_called_as_botocore_says() {
    use Protocol::{Cbor, Ec2, Json, Query, RestJson, RestXml};
    for (name, service_id, prefix, signing_name, protocol, target, version) in [
        ("apigatewayv2", "ApiGatewayV2", "ApiGatewayV2", "apigateway", RestJson, "", "1.1"),
        ("autoscaling", "Auto Scaling", "Auto Scaling", "autoscaling", Query, "", ""),
        ("cloudwatch", "CloudWatch", "CloudWatch", "monitoring", Json, "GraniteServiceVersion20100801", "1.0"),
        ("cloudwatchlogs", "CloudWatch Logs", "CloudWatchLogs", "logs", Json, "Logs_20140328", "1.1"),
        ("config", "Config Service", "Config", "config", Json, "StarlingDoveService", "1.1"),
        ("dynamodb", "DynamoDB", "DynamoDb", "dynamodb", Json, "DynamoDB_20120810", "1.0"),
        ("ec2", "EC2", "Ec2", "ec2", Ec2, "", ""),
        ("iam", "IAM", "Iam", "iam", Query, "", ""),
        ("lambda", "Lambda", "Lambda", "lambda", RestJson, "", ""),
        ("s3", "S3", "S3", "s3", RestXml, "", ""),
        ("sesv2", "SESv2", "SesV2", "ses", RestJson, "", "1.1"),
        ("sfn", "SFN", "Sfn", "states", Json, "AWSStepFunctions", "1.0"),
        ("sns", "SNS", "Sns", "sns", Query, "", ""),
        ("sqs", "SQS", "Sqs", "sqs", Json, "AmazonSQS", "1.0"),
        (
            "arcregionswitch",
            "ARC Region switch",
            "ArcRegionSwitch",
            "arc-region-switch",
            Json,
            "ArcRegionSwitch",
            "1.0",
        ),
    ] {
        let metadata = &service(name).metadata;
        let texts = [&metadata.service_id, &metadata.error_prefix, &metadata.signing_name, &metadata.target_prefix];
        assert_eq!(texts, [service_id, prefix, signing_name, target], "{name}");
        assert_eq!((metadata.protocol, metadata.json_version.as_str()), (protocol, version), "{name}");
    }
    let only_cbor = names().unwrap().filter(|name| service(name).metadata.protocol == Cbor).count();
    assert_eq!(only_cbor, 0, "JSON is spoken wherever CBOR is");
}

#[test]
fn services_are_where_their_rules_say() {
    let global = |host: &str, region: &str| Some((host.to_owned(), region.to_owned()));
    for (name, prefix, host, one) in [
        ("dynamodb", "dynamodb", None, None),
        ("s3", "s3", None, None),
        ("sts", "sts", None, None),
        ("cloudwatchlogs", "logs", None, None),
        ("iam", "iam", None, global("iam.amazonaws.com", "us-east-1")),
        ("route53", "route53", None, global("route53.amazonaws.com", "us-east-1")),
        ("cloudfront", "cloudfront", None, global("cloudfront.amazonaws.com", "us-east-1")),
        ("networkmanager", "networkmanager", None, global("networkmanager.us-west-2.amazonaws.com", "us-west-2")),
        ("datazone", "datazone", Some("datazone.{region}.api.aws"), None),
        ("signin", "signin", Some("{region}.signin.aws.amazon.com"), None),
    ] {
        let metadata = &service(name).metadata;
        assert_eq!(metadata.endpoint_prefix, prefix);
        assert_eq!(metadata.host.as_deref(), host, "{name}");
        let found = metadata.global.as_ref().map(|global| (global.host.clone(), global.region.clone()));
        assert_eq!(found, one, "{name}");
    }
    let maps = service("geomaps");
    assert!(maps.operation("getTile").unwrap().uri.starts_with("/v2/"), "a path of the endpoint is part of the path");
}

#[test]
fn rest_operations_have_paths_and_payloads() {
    for (name, operation, method, uri, payload) in [
        ("apigatewayv2", "getApi", "GET", "/v2/apis/{apiId}", None),
        ("lambda", "invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations", Some("Payload")),
        ("s3", "getBucketAcl", "GET", "/{Bucket}?acl", None),
        ("s3", "getObject", "GET", "/{Bucket}/{Key+}", None),
        ("s3", "putObject", "PUT", "/{Bucket}/{Key+}", Some("Body")),
        ("s3", "putBucketCors", "PUT", "/{Bucket}?cors", Some("CORSConfiguration")),
    ] {
        let service = service(name);
        let operation = service.operation(operation).unwrap();
        let input = structure(&service, operation.input);
        assert_eq!((operation.method.as_str(), operation.uri.as_str()), (method, uri));
        assert_eq!(input.payload.map(|at| input.members[at].name.as_str()), payload, "{uri}");
    }
}

#[test]
fn members_travel_as_botocore_says() {
    let s3 = service("s3");
    let put = s3.operation("putObject").unwrap();
    let input = structure(&s3, put.input);
    let metadata = member(input, "Metadata");
    assert_eq!((metadata.location, metadata.wire_name()), (Some(Location::Headers), "x-amz-meta-"));
    assert_eq!(member(input, "Bucket").location, Some(Location::Uri));
    assert!(member(input, "Bucket").required && member(input, "Key").required && !member(input, "Body").required);
    assert!(s3.operation("deleteObjects").unwrap().needs_checksum && !put.needs_checksum);
    let cors = structure(&s3, s3.operation("putBucketCors").unwrap().input);
    let namespace = Some((None, "http://s3.amazonaws.com/doc/2006-03-01/".to_owned()));
    assert_eq!(member(cors, "CORSConfiguration").xml_namespace, namespace);
    let output = structure(&s3, s3.operation("listObjectsV2").unwrap().output);
    let Shape::List(contents) = s3.shape(member(output, "Contents").shape) else { panic!("no list") };
    assert!(contents.flattened);

    let ec2 = service("ec2");
    let run = structure(&ec2, ec2.operation("runInstances").unwrap().input);
    assert_eq!(member(run, "BlockDeviceMappings").wire_name(), "BlockDeviceMapping");
    assert!(member(run, "ClientToken").idempotency_token);
    let interface = ec2.shapes.iter().find_map(|shape| match shape {
        Shape::Structure(structure) if structure.name == "InstanceNetworkInterfaceSpecification" => Some(structure),
        _ => None,
    });
    let addresses = member(interface.unwrap(), "Ipv6Addresses");
    assert_eq!((addresses.wire_name(), addresses.query_name.as_deref()), ("ipv6AddressesSet", Some("Ipv6Addresses")));

    let lambda = service("lambda");
    let status = member(structure(&lambda, lambda.operation("invoke").unwrap().output), "StatusCode");
    assert_eq!(status.location, Some(Location::StatusCode));
    let iot = service("iotdataplane");
    let publish = structure(&iot, iot.operation("publish").unwrap().input);
    assert!(member(publish, "userProperties").json_value);
}

#[test]
fn query_results_are_wrapped() {
    for (name, operation, wrapper) in [
        ("sns", "publish", Some("PublishResult")),
        ("iam", "getUser", Some("GetUserResult")),
        ("sfn", "tagResource", None),
    ] {
        assert_eq!(service(name).operation(operation).unwrap().result_wrapper.as_deref(), wrapper, "{operation}");
    }
}

#[test]
fn operations_may_have_wrappers_prefixes_and_no_signature() {
    let route53 = service("route53");
    let create = route53.operation("createHostedZone").unwrap();
    let namespace = "https://route53.amazonaws.com/doc/2013-04-01/".to_owned();
    assert_eq!(create.input_wrapper, Some(("CreateHostedZoneRequest".to_owned(), Some(namespace))));
    let sfn = service("sfn");
    assert_eq!(sfn.operation("startSyncExecution").unwrap().host_prefix.as_deref(), Some("sync-"));
    let sts = service("sts");
    assert!(
        sts.operation("assumeRoleWithWebIdentity").unwrap().unsigned && !sts.operation("assumeRole").unwrap().unsigned
    );
}

#[test]
fn errors_have_codes_and_statuses() {
    let error = |name: &str, shape: &str| {
        service(name)
            .shapes
            .iter()
            .find_map(|known| match known {
                Shape::Structure(structure) if structure.name == shape => structure.error.clone(),
                _ => None,
            })
            .unwrap_or_else(|| panic!("no {shape}"))
    };
    assert_eq!(
        error("iam", "NoSuchEntityException"),
        ErrorTrait { code: Some("NoSuchEntity".into()), status: Some(404) }
    );
    assert_eq!(error("s3", "NoSuchKey"), ErrorTrait { code: None, status: Some(404) });
    assert_eq!(error("lambda", "ResourceNotFoundException"), ErrorTrait { code: None, status: Some(404) });
    assert_eq!(error("dynamodb", "ConditionalCheckFailedException"), ErrorTrait::default());
}

#[test]
fn streams_of_events_are_told() {
    for (name, operation, expected) in [
        ("s3", "selectObjectContent", true),
        ("s3", "getObject", false),
        ("kinesis", "subscribeToShard", true),
        ("lambda", "invokeWithResponseStream", true),
        ("lambda", "invoke", false),
    ] {
        let service = service(name);
        assert_eq!(service.is_event_stream(service.operation(operation).unwrap()), expected, "{operation}");
    }
}
