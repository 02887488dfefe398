//! Where AWS's own services live: the rule and its exceptions.
//!
//! Source: the endpoint rules and `partitions.json` of botocore 1.43 (Apache-2.0), compared service by service.

use models::Metadata;

/// A set of regions with a domain and one place for its global services.
struct Partition {
    /// What its regions begin with.
    region_prefix: &'static str,
    /// The domain of its services.
    domain: &'static str,
    /// The domain of services that came late and have no other.
    new_domain: &'static str,
    /// The region that global services are signed for.
    global_region: &'static str,
}

/// The first whose prefix fits counts; the last fits all.
const PARTITIONS: &[Partition] = &[
    Partition {
        region_prefix: "cn-",
        domain: "amazonaws.com.cn",
        new_domain: "api.amazonwebservices.com.cn",
        global_region: "cn-northwest-1",
    },
    Partition {
        region_prefix: "us-gov-",
        domain: "amazonaws.com",
        new_domain: "api.aws",
        global_region: "us-gov-west-1",
    },
    Partition {
        region_prefix: "us-isob-",
        domain: "sc2s.sgov.gov",
        new_domain: "api.aws.scloud",
        global_region: "us-isob-east-1",
    },
    Partition {
        region_prefix: "us-isof-",
        domain: "csp.hci.ic.gov",
        new_domain: "api.aws.hci.ic.gov",
        global_region: "us-isof-south-1",
    },
    Partition {
        region_prefix: "us-iso-",
        domain: "c2s.ic.gov",
        new_domain: "api.aws.ic.gov",
        global_region: "us-iso-east-1",
    },
    Partition {
        region_prefix: "eu-isoe-",
        domain: "cloud.adc-e.uk",
        new_domain: "api.cloud-aws.adc-e.uk",
        global_region: "eu-isoe-west-1",
    },
    Partition {
        region_prefix: "eusc-",
        domain: "amazonaws.eu",
        new_domain: "api.amazonwebservices.eu",
        global_region: "eusc-de-east-1",
    },
    Partition { region_prefix: "", domain: "amazonaws.com", new_domain: "api.aws", global_region: "us-east-1" },
];

/// Endpoint prefixes of services that live in the new domain only.
const NEW_DOMAIN: &[&str] = &[
    "aidevops",
    "airflow-serverless",
    "api.iotmanagedintegrations",
    "api.sustainability",
    "application-signals",
    "arc-region-switch",
    "backup-search",
    "bcm-dashboards",
    "bcm-data-exports",
    "bcm-pricing-calculator",
    "bcm-recommended-actions",
    "billing",
    "cassandra-streams",
    "datazone",
    "discovery-marketplace",
    "dsql",
    "eks-auth",
    "freetier",
    "gameliftstreams",
    "health-agent",
    "interconnect",
    "invoicing",
    "kendra-ranking",
    "mpa",
    "networkflowmonitor",
    "notifications",
    "partnercentral-account",
    "partnercentral-benefits",
    "partnercentral-selling",
    "qbusiness",
    "route53globalresolver",
    "s3files",
    "s3vectors",
    "security-ir",
    "securityagent",
    "uxc",
    "workspaces-instances",
];

/// Services of the partition `aws` that live in one region, though their models call them regional.
const ONE_REGION: &[(&str, &str)] = &[
    ("artifact", "us-east-1"),
    ("bcm-dashboards", "us-east-1"),
    ("bcm-data-exports", "us-east-1"),
    ("bcm-pricing-calculator", "us-east-1"),
    ("bcm-recommended-actions", "us-east-1"),
    ("billing", "us-east-1"),
    ("freetier", "us-east-1"),
    ("invoicing", "us-east-1"),
    ("route53-recovery-control-config", "us-west-2"),
    ("support", "us-east-1"),
];

/// Hosts that follow no rule: region's prefix, endpoint prefix, host with `{}` for the region, base path.
const ODD_HOSTS: &[(&str, &str, &str, &str)] = &[
    ("cn-", "data-ats.iot", "data.ats.iot.{}.amazonaws.com.cn", ""),
    ("cn-", "entitlement.marketplace", "entitlement-marketplace.{}.amazonaws.com.cn", ""),
    ("cn-", "transcribe", "cn.transcribe.{}.amazonaws.com.cn", ""),
    ("", "geo-maps", "maps.geo.{}.amazonaws.com", "/v2"),
    ("", "geo-places", "places.geo.{}.amazonaws.com", "/v2"),
    ("", "geo-routes", "routes.geo.{}.amazonaws.com", "/v2"),
    ("us-east-1", "sdb", "sdb.amazonaws.com", ""),
];

/// Global services outside the partition `aws` whose hosts follow no rule: region's prefix, endpoint prefix, host.
const GLOBAL_ELSEWHERE: &[(&str, &str, &str)] = &[
    ("cn-", "budgets", "budgets.amazonaws.com.cn"),
    ("cn-", "route53", "route53.amazonaws.com.cn"),
    ("us-gov-", "iam", "iam.us-gov.amazonaws.com"),
    ("us-gov-", "route53", "route53.us-gov.amazonaws.com"),
    ("us-iso-", "budgets", "budgets.c2s.ic.gov"),
    ("us-iso-", "route53", "route53.c2s.ic.gov"),
    ("us-isob-", "budgets", "budgets.global.sc2s.sgov.gov"),
    ("us-isob-", "route53", "route53.sc2s.sgov.gov"),
    ("us-isof-", "budgets", "budgets.global.csp.hci.ic.gov"),
    ("us-isof-", "route53", "route53.csp.hci.ic.gov"),
    ("eu-isoe-", "budgets", "budgets.global.cloud.adc-e.uk"),
    ("eu-isoe-", "route53", "route53.cloud.adc-e.uk"),
];

/// Where a service lives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Home {
    /// The host's name.
    pub(crate) host: String,
    /// What its paths begin with; mostly nothing.
    pub(crate) path: &'static str,
    /// The region that its requests are signed for.
    pub(crate) region: String,
}

/// The home of a service as seen from a region.
pub(crate) fn home(metadata: &Metadata, region: &str) -> Home {
    let prefix = metadata.endpoint_prefix.as_str();
    let partition = partition(region);
    let is_commercial = partition.region_prefix.is_empty();
    let at = |host: String, region: &str| Home { host, path: "", region: region.to_owned() };
    if let Some((_, _, host, path)) = ODD_HOSTS.iter().find(|row| region.starts_with(row.0) && row.1 == prefix) {
        return Home { host: host.replace("{}", region), path, region: region.to_owned() };
    }
    if let Some((_, _, host)) = GLOBAL_ELSEWHERE.iter().find(|row| region.starts_with(row.0) && row.1 == prefix) {
        return at((*host).to_owned(), partition.global_region);
    }
    // AWS Health has a global name too, but clients are to use the regional one.
    if let Some(global) = metadata.global.as_ref().filter(|_| prefix != "health") {
        if is_commercial {
            return at(global.host.clone(), &global.region);
        }
        // China's IAM alone is not where the partition's other global services are.
        let is_china_iam = prefix == "iam" && partition.region_prefix == "cn-";
        let region = if is_china_iam { "cn-north-1" } else { partition.global_region };
        return at(format!("{prefix}.{region}.{}", partition.domain), region);
    }
    let one_region = ONE_REGION.iter().find(|row| is_commercial && row.0 == prefix).map(|row| row.1);
    let region = one_region.unwrap_or(region);
    let domain = if NEW_DOMAIN.contains(&prefix) { partition.new_domain } else { partition.domain };
    at(format!("{prefix}.{region}.{domain}"), region)
}

fn partition(region: &str) -> &'static Partition {
    let fitting = PARTITIONS.iter().find(|partition| region.starts_with(partition.region_prefix));
    fitting.unwrap_or(&PARTITIONS[PARTITIONS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::GlobalEndpoint;

    #[test]
    fn services_live_where_the_sdks_look_for_them() {
        let table = [
            ("dynamodb", "eu-central-1", "dynamodb.eu-central-1.amazonaws.com", "eu-central-1"),
            ("s3", "us-east-1", "s3.us-east-1.amazonaws.com", "us-east-1"),
            ("sts", "ap-southeast-2", "sts.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
            ("api.sagemaker", "us-west-2", "api.sagemaker.us-west-2.amazonaws.com", "us-west-2"),
            ("states", "cn-north-1", "states.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("states", "us-gov-west-1", "states.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("sqs", "us-iso-east-1", "sqs.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            ("sqs", "us-isob-east-1", "sqs.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
            ("sqs", "us-isof-south-1", "sqs.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
            ("sqs", "eusc-de-east-1", "sqs.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
            ("datazone", "eu-west-1", "datazone.eu-west-1.api.aws", "eu-west-1"),
            ("datazone", "cn-north-1", "datazone.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"),
            ("invoicing", "eu-west-1", "invoicing.us-east-1.api.aws", "us-east-1"),
            ("support", "eu-west-1", "support.us-east-1.amazonaws.com", "us-east-1"),
            ("transcribe", "cn-north-1", "cn.transcribe.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("sdb", "us-east-1", "sdb.amazonaws.com", "us-east-1"),
            ("sdb", "eu-west-1", "sdb.eu-west-1.amazonaws.com", "eu-west-1"),
            ("geo-places", "eu-west-1", "places.geo.eu-west-1.amazonaws.com", "eu-west-1"),
        ];
        for (prefix, region, host, signing) in table {
            let metadata = Metadata { endpoint_prefix: prefix.to_owned(), ..Metadata::default() };
            let home = home(&metadata, region);
            assert_eq!((home.host.as_str(), home.region.as_str()), (host, signing), "{prefix} in {region}");
        }
    }

    #[test]
    fn global_services_have_one_home_in_a_partition() {
        let global = |host: &str| Some(GlobalEndpoint { host: host.to_owned(), region: "us-east-1".to_owned() });
        let table = [
            ("iam", "iam.amazonaws.com", "eu-central-1", "iam.amazonaws.com", "us-east-1"),
            ("iam", "iam.amazonaws.com", "us-gov-east-1", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
            ("iam", "iam.amazonaws.com", "cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("ce", "ce.us-east-1.amazonaws.com", "cn-north-1", "ce.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
            ("route53", "route53.amazonaws.com", "cn-north-1", "route53.amazonaws.com.cn", "cn-northwest-1"),
            ("health", "global.health.amazonaws.com", "eu-west-1", "health.eu-west-1.amazonaws.com", "eu-west-1"),
        ];
        for (prefix, name, region, host, signing) in table {
            let metadata = Metadata { endpoint_prefix: prefix.to_owned(), global: global(name), ..Metadata::default() };
            let home = home(&metadata, region);
            assert_eq!((home.host.as_str(), home.region.as_str()), (host, signing), "{prefix} in {region}");
        }
    }
}
