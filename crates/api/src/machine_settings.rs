//! `loggingConfiguration`, `tracingConfiguration` and `encryptionConfiguration`.

use asl::{Object, Text, Value};

use crate::error::ApiError;
use crate::request::Members;
use crate::shape::{Bool, Int, List, OneOf, Structure, TextShape, int, one_of, text};
use crate::shapes::ARN;

const LEVEL: OneOf<Level> =
    one_of(&[("ALL", Level("ALL")), ("FATAL", Level("FATAL")), ("ERROR", Level("ERROR")), ("OFF", Level("OFF"))]);
const KMS_KEY_ID: TextShape = text(1..=2048);
const KMS_REUSE_PERIOD: Int = int(60..=900);
const ENCRYPTION_TYPE: OneOf<EncryptionType> = one_of(&[
    ("AWS_OWNED_KEY", EncryptionType::AwsOwnedKey),
    ("CUSTOMER_MANAGED_KMS_KEY", EncryptionType::CustomerManagedKmsKey),
]);

/// A log level by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level(&'static str);

const OFF: Level = Level("OFF");

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum EncryptionType {
    #[default]
    AwsOwnedKey,
    CustomerManagedKmsKey,
}

/// `LoggingConfiguration`
#[derive(Debug)]
struct LoggingSettings {
    level: Level,
    include_execution_data: bool,
    /// The log groups' ARNs, where given.
    destinations: Option<Vec<Option<Text>>>,
}

/// `EncryptionConfiguration`
#[derive(Debug)]
pub(crate) struct Encryption {
    kind: EncryptionType,
    has_key: bool,
}

/// The settings a request brings.
#[derive(Debug)]
pub(crate) struct MachineSettings {
    logging: Option<LoggingSettings>,
    tracing: Option<bool>,
    encryption: Option<Encryption>,
}

impl MachineSettings {
    /// Reads them.
    pub(crate) fn read(members: &mut Members<'_>) -> Self {
        Self {
            logging: members.optional("loggingConfiguration", &Structure(read_logging)),
            tracing: members.optional("tracingConfiguration", &Structure(read_tracing)),
            encryption: read_encryption_member(members),
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.logging.is_none() && self.tracing.is_none() && self.encryption.is_none()
    }

    /// The configurations given, each with its defaults filled in.
    pub(crate) fn given(&self) -> Result<Value, ApiError> {
        let mut settings = Object::default();
        if let Some(logging) = &self.logging {
            settings.insert("loggingConfiguration".into(), logging.to_value()?);
        }
        if let Some(enabled) = self.tracing {
            settings.insert("tracingConfiguration".into(), tracing_value(enabled));
        }
        if let Some(encryption) = &self.encryption {
            settings.insert("encryptionConfiguration".into(), encryption.to_value()?);
        }
        Ok(Value::Object(settings.into()))
    }

    /// All three configurations, those not given as AWS has them by default.
    pub(crate) fn complete(mut self) -> Result<Value, ApiError> {
        self.logging.get_or_insert(LoggingSettings { level: OFF, include_execution_data: false, destinations: None });
        self.tracing.get_or_insert(false);
        self.encryption.get_or_insert(Encryption::DEFAULT);
        self.given()
    }
}

impl LoggingSettings {
    fn to_value(&self) -> Result<Value, ApiError> {
        let count = self.destinations.as_ref().map_or(0, Vec::len);
        if self.level != OFF && count != 1 {
            let message = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
            return Err(ApiError::new("InvalidLoggingConfiguration", message));
        }
        let mut value = Object::default();
        value.insert("level".into(), Value::string(self.level.0));
        value.insert("includeExecutionData".into(), Value::Bool(self.include_execution_data));
        if let Some(destinations) = &self.destinations {
            let destinations = destinations.iter().map(|arn| destination_value(arn.clone()));
            value.insert("destinations".into(), Value::array(destinations.collect()));
        }
        Ok(Value::Object(value.into()))
    }
}

impl Encryption {
    /// What applies where none is given.
    const DEFAULT: Self = Self { kind: EncryptionType::AwsOwnedKey, has_key: false };

    /// As it is kept and shown. Customer managed keys are refused rather than ignored: there is nobody who
    /// would encrypt with them.
    pub(crate) fn to_value(&self) -> Result<Value, ApiError> {
        let refused = |why: &str| {
            ApiError::new("InvalidEncryptionConfiguration", format!("Invalid Encryption Configuration: {why}"))
        };
        if self.kind == EncryptionType::CustomerManagedKmsKey {
            return Err(refused("'CUSTOMER_MANAGED_KMS_KEY' is not supported yet by this version."));
        }
        if self.has_key {
            return Err(refused("'AWS_OWNED_KEY' takes no KMS key."));
        }
        Ok(Value::object([("type", Value::string("AWS_OWNED_KEY"))]))
    }
}

/// An object of settings that holds the encryption alone, as activities have it.
pub(crate) fn encryption_only(encryption: Option<Encryption>) -> Result<Value, ApiError> {
    let encryption = encryption.unwrap_or(Encryption::DEFAULT).to_value()?;
    Ok(Value::object([("encryptionConfiguration", encryption)]))
}

/// Reads `encryptionConfiguration`.
pub(crate) fn read_encryption_member(members: &mut Members<'_>) -> Option<Encryption> {
    members.optional("encryptionConfiguration", &Structure(read_encryption))
}

fn read_encryption(members: &mut Members<'_>) -> Encryption {
    let key = members.optional("kmsKeyId", &KMS_KEY_ID);
    let period = members.optional("kmsDataKeyReusePeriodSeconds", &KMS_REUSE_PERIOD);
    Encryption { kind: members.required("type", &ENCRYPTION_TYPE), has_key: key.is_some() || period.is_some() }
}

fn read_tracing(members: &mut Members<'_>) -> bool {
    members.optional("enabled", &Bool).unwrap_or(false)
}

fn read_logging(members: &mut Members<'_>) -> LoggingSettings {
    LoggingSettings {
        level: members.optional("level", &LEVEL).unwrap_or(OFF),
        include_execution_data: members.optional("includeExecutionData", &Bool).unwrap_or(false),
        destinations: members.optional("destinations", &List(Structure(read_destination))),
    }
}

fn read_destination(members: &mut Members<'_>) -> Option<Text> {
    let group = |group: &mut Members<'_>| group.optional("logGroupArn", &ARN);
    members.optional("cloudWatchLogsLogGroup", &Structure(group)).flatten()
}

fn tracing_value(enabled: bool) -> Value {
    Value::object([("enabled", Value::Bool(enabled))])
}

fn destination_value(arn: Option<Text>) -> Value {
    let group = Value::object(arn.map(|arn| ("logGroupArn", Value::String(arn))));
    Value::object([("cloudWatchLogsLogGroup", group)])
}
