//! What reads, batches or writes items in bulk belongs to a distributed Map state.
//!
//! Why: an inline Map state gets its items from the state's input and gives its results as output. Left in, the
//! field would do nothing.
//!
//! Refused: `ItemReader` beside `"ProcessorConfig": {"Mode": "INLINE"}`. Mended: `"Mode": "DISTRIBUTED"`.

use crate::diagnostic::Code;
use crate::program::MachineType;
use crate::program::MapMode;
use crate::read::fields::Fields;

/// Refuses bulk fields on an inline Map state.
pub(crate) fn check_inline(fields: &Fields<'_>) {
    for name in ["ItemReader", "ItemBatcher", "ResultWriter"] {
        if fields.has(name) {
            let message = format!("Field '{name}' is only supported for Mode 'DISTRIBUTED'");
            let help = "Set Mode to DISTRIBUTED in the ProcessorConfig of the ItemProcessor, or remove the field.";
            fields.log.error(fields.place, Code::SchemaValidationFailed, message, help);
        }
    }
}

/// Express state machines run no distributed Map states.
pub(crate) fn check_machine(mode: MapMode, machine_type: MachineType, config: &Fields<'_>) {
    if mode == MapMode::Distributed && machine_type == MachineType::Express {
        config.log.error(
            &config.place_of("Mode"),
            Code::SchemaValidationFailed,
            "Express state machine does not support Mode 'DISTRIBUTED'",
            "Use Mode INLINE, or create the state machine with type STANDARD.",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::program::MachineType;
    use crate::read::rules::testing::{accepted, machine, refused, refused_as};

    fn map(config: &str, more: &str) -> String {
        machine(&format!(
            r#"{{"Type": "Map", "ItemProcessor": {{"ProcessorConfig": {config}, "StartAt": "Y",
                "States": {{"Y": {{"Type": "Succeed"}}}}}}, {more} "End": true}}"#
        ))
    }

    #[test]
    fn bulk_fields_need_the_distributed_mode() {
        let batcher = r#""ItemBatcher": {"MaxItemsPerBatch": 10},"#;
        refused(
            &map(r#"{"Mode": "INLINE"}"#, batcher),
            &["SCHEMA_VALIDATION_FAILED: Field 'ItemBatcher' is only supported for Mode 'DISTRIBUTED' at /States/X"],
        );
        accepted(&map(r#"{"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}"#, batcher));
    }

    #[test]
    fn express_machines_do_not_distribute() {
        let definition = map(r#"{"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}"#, "");
        accepted(&definition);
        refused_as(
            MachineType::Express,
            &definition,
            &["SCHEMA_VALIDATION_FAILED: Express state machine does not support Mode 'DISTRIBUTED' \
               at /States/X/ItemProcessor/ProcessorConfig/Mode"],
        );
    }
}
