//! The file that holds the models of all services: an index that is read as it lies, and blocks that are compressed
//! each by itself, so that a look-up unpacks no more than it asks for.
//!
//! ```text
//! 8 bytes  SWMODELS
//! u32      version of the format, little-endian
//! u32      length of the header, little-endian
//! header   postcard: origin, length of the dictionary, entries sorted by name, where the list of actions is
//! dictionary, then the blocks, compressed by zstd with the dictionary: the model of each service (postcard), the
//!          constraints of each (postcard), the list of actions (text)
//! ```

use serde::{Deserialize, Serialize};

use crate::constraint::Constraints;
use crate::load::ModelError;
use crate::service::{Service, Shape, ShapeId};

const MAGIC: &[u8; 8] = b"SWMODELS";
/// Goes up with every change to the types of a model: postcard does not describe itself.
const VERSION: u32 = 3;
const PREAMBLE: usize = MAGIC.len() + 8;
/// No block is larger when unpacked; a damaged length cannot ask for more.
const UNPACKED_MAX: u32 = 32 << 20;
const LEVEL: i32 = 19;

/// A file of models, its index read.
#[derive(Debug)]
pub struct Packed<'a> {
    header: Header<'a>,
    dictionary: &'a [u8],
    blocks: &'a [u8],
}

#[derive(Debug, Serialize, Deserialize)]
struct Header<'a> {
    origin: &'a str,
    dictionary: u32,
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
    actions: Block,
}

/// Where a service's model lies, and what it is called.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Entry<'a> {
    /// As the SDK integrations name the service: `sfn`.
    pub name: &'a str,
    /// As botocore names it: `stepfunctions`.
    pub folder: &'a str,
    /// `SFN`
    pub service_id: &'a str,
    model: Block,
    constraints: Block,
}

/// Where a block lies behind the dictionary, and how many bytes it has when unpacked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Block {
    offset: u32,
    length: u32,
    unpacked: u32,
}

impl<'a> Packed<'a> {
    /// Reads the index.
    ///
    /// # Errors
    /// What is no file of models, or not of this version, or cut off.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let damaged = |problem: &str| ModelError::File(problem.to_owned());
        let (preamble, rest) = bytes.split_at_checked(PREAMBLE).ok_or_else(|| damaged("it is cut off"))?;
        let (magic, numbers) = preamble.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(damaged("it does not begin as it must"));
        }
        let (version, header) = numbers.split_at(4);
        if version != VERSION.to_le_bytes() {
            return Err(damaged("it is of another version"));
        }
        let header_length = header.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (header, rest) = rest.split_at_checked(header_length).ok_or_else(|| damaged("its index is cut off"))?;
        let header: Header<'a> = postcard::from_bytes(header).map_err(|error| damaged(&error.to_string()))?;
        let (dictionary, blocks) =
            rest.split_at_checked(header.dictionary as usize).ok_or_else(|| damaged("its dictionary is cut off"))?;
        if !header.entries.is_sorted_by(|a, b| a.name < b.name) {
            return Err(damaged("its index is not in order, or has a name twice"));
        }
        Ok(Self { header, dictionary, blocks })
    }

    /// What the models were made from: `botocore 1.2.3`.
    pub fn origin(&self) -> &'a str {
        self.header.origin
    }

    /// The services, sorted by name.
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.header.entries
    }

    /// The place in [`Self::entries`] of the service of that name; failing that, of that folder.
    pub fn find(&self, name: &str) -> Option<usize> {
        let by_name = self.entries().binary_search_by(|entry| entry.name.cmp(name));
        by_name.ok().or_else(|| self.entries().iter().position(|entry| entry.folder == name))
    }

    /// Unpacks a model and checks it: the numbers in it are within its table, and parameters, results and errors are
    /// structures.
    ///
    /// # Errors
    /// A damaged model.
    pub fn service(&self, entry: &Entry<'_>) -> Result<Service, ModelError> {
        let damaged = |problem: String| ModelError::Service { service: entry.name.to_owned(), problem };
        let bytes = self.unpack(entry.model).map_err(damaged)?;
        let service: Service = postcard::from_bytes(&bytes).map_err(|error| damaged(error.to_string()))?;
        check(&service).map_err(|problem| damaged(problem.to_owned()))?;
        Ok(service)
    }

    /// Unpacks the constraints of a service's results.
    ///
    /// # Errors
    /// Damaged constraints.
    pub fn constraints(&self, entry: &Entry<'_>) -> Result<Constraints, ModelError> {
        let damaged = |problem: String| ModelError::Service { service: entry.name.to_owned(), problem };
        let bytes = self.unpack(entry.constraints).map_err(damaged)?;
        let constraints: Constraints = postcard::from_bytes(&bytes).map_err(|error| damaged(error.to_string()))?;
        if !constraints.is_sorted() {
            return Err(damaged("its constraints are not in order, or a shape has two".to_owned()));
        }
        Ok(constraints)
    }

    /// Unpacks the list of [`crate::actions`].
    ///
    /// # Errors
    /// A damaged list.
    pub fn actions(&self) -> Result<String, ModelError> {
        let bytes = self.unpack(self.header.actions).map_err(ModelError::File)?;
        String::from_utf8(bytes).map_err(|error| ModelError::File(error.to_string()))
    }

    fn unpack(&self, block: Block) -> Result<Vec<u8>, String> {
        let start = block.offset as usize;
        let packed = start.checked_add(block.length as usize).and_then(|end| self.blocks.get(start..end));
        let packed = packed.ok_or("it lies outside of the file")?;
        if block.unpacked > UNPACKED_MAX {
            return Err(format!("it has {} bytes", block.unpacked));
        }
        zstd::bulk::Decompressor::with_dictionary(self.dictionary)
            .and_then(|mut decompressor| decompressor.decompress(packed, block.unpacked as usize))
            .map_err(|error| error.to_string())
    }
}

/// A model on its way into a file.
#[derive(Clone, Debug)]
pub struct Source {
    /// botocore's name of the service.
    pub folder: String,
    /// Its model.
    pub service: Service,
    /// What its results must be.
    pub constraints: Constraints,
}

/// The file of these models and the list of [`crate::actions`]. The dictionary is any text that the models have much
/// of.
///
/// # Errors
/// Models that do not fit a file.
pub fn pack(origin: &str, dictionary: &[u8], sources: &[Source], actions: &str) -> Result<Vec<u8>, ModelError> {
    let mut sources: Vec<&Source> = sources.iter().collect();
    sources.sort_by(|a, b| a.service.metadata.name.cmp(&b.service.metadata.name));
    let mut blocks = Blocks { dictionary, bytes: Vec::new() };
    let mut entries = Vec::with_capacity(sources.len());
    for Source { folder, service, constraints } in sources {
        let Service { metadata, .. } = service;
        entries.push(Entry {
            name: &metadata.name,
            folder,
            service_id: &metadata.service_id,
            model: blocks.add(&encode(service)?)?,
            constraints: blocks.add(&encode_constraints(service, constraints)?)?,
        });
    }
    if let Some(twice) = entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let problem = format!("{} and {} have this name", twice[0].folder, twice[1].folder);
        return Err(ModelError::Service { service: twice[0].name.to_owned(), problem });
    }
    let header =
        Header { origin, dictionary: size(dictionary.len())?, entries, actions: blocks.add(actions.as_bytes())? };
    let header = postcard::to_stdvec(&header).map_err(|error| ModelError::File(error.to_string()))?;
    let numbers = [VERSION, size(header.len())?].map(u32::to_le_bytes).concat();
    Ok([&MAGIC[..], &numbers, &header, dictionary, &blocks.bytes].concat())
}

/// The blocks of a file, as far as there are any.
struct Blocks<'a> {
    dictionary: &'a [u8],
    bytes: Vec<u8>,
}

impl Blocks<'_> {
    fn add(&mut self, bytes: &[u8]) -> Result<Block, ModelError> {
        let packed = zstd::bulk::Compressor::with_dictionary(LEVEL, self.dictionary)
            .and_then(|mut compressor| compressor.compress(bytes))
            .map_err(|error| ModelError::File(error.to_string()))?;
        let block =
            Block { offset: size(self.bytes.len())?, length: size(packed.len())?, unpacked: size(bytes.len())? };
        self.bytes.extend(packed);
        Ok(block)
    }
}

/// A model as it is before compression.
///
/// # Errors
/// A model that cannot be encoded.
pub fn encode(service: &Service) -> Result<Vec<u8>, ModelError> {
    let damaged = |problem: String| ModelError::Service { service: service.metadata.name.clone(), problem };
    check(service).map_err(|problem| damaged(problem.to_owned()))?;
    postcard::to_stdvec(service).map_err(|error| damaged(error.to_string()))
}

/// The constraints of a service as they are before compression.
///
/// # Errors
/// Constraints of shapes that the service does not have.
pub fn encode_constraints(service: &Service, constraints: &Constraints) -> Result<Vec<u8>, ModelError> {
    let damaged = |problem: String| ModelError::Service { service: service.metadata.name.clone(), problem };
    let is_outside = constraints.last().is_some_and(|shape| shape.0 as usize >= service.shapes.len());
    if is_outside || !constraints.is_sorted() {
        return Err(damaged("a constraint is of no shape, or a shape has two".to_owned()));
    }
    postcard::to_stdvec(constraints).map_err(|error| damaged(error.to_string()))
}

fn size(bytes: usize) -> Result<u32, ModelError> {
    u32::try_from(bytes).map_err(|_| ModelError::File("it is larger than 4 GiB".to_owned()))
}

/// What all who read a model rely on.
fn check(service: &Service) -> Result<(), &'static str> {
    let shape = |id: ShapeId| service.shapes.get(id.0 as usize);
    let structure = |id: ShapeId| match shape(id) {
        Some(Shape::Structure(structure)) => Some(structure),
        _ => None,
    };
    for operation in &service.operations {
        if [operation.input, operation.output].into_iter().flatten().any(|id| structure(id).is_none()) {
            return Err("parameters or a result are no structure");
        }
        if operation.errors.iter().any(|id| structure(*id).is_none_or(|structure| structure.error.is_none())) {
            return Err("an error is none");
        }
    }
    for known in &service.shapes {
        let inside = match known {
            Shape::Structure(structure) => {
                structure.members.iter().all(|member| shape(member.shape).is_some())
                    && structure.payload.is_none_or(|payload| payload < structure.members.len())
            }
            Shape::List(list) => shape(list.member).is_some(),
            Shape::Map(map) => shape(map.key).is_some() && shape(map.value).is_some(),
            _ => true,
        };
        if !inside {
            return Err("a shape refers to what is not there");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::constraint::Constraint;
    use crate::service::{List, Member, Metadata, Operation, Structure};

    fn service(name: &str) -> Service {
        let member = Member {
            name: "Items".to_owned(),
            shape: ShapeId(1),
            required: true,
            location: None,
            wire_name: None,
            query_name: None,
            timestamp_format: None,
            flattened: false,
            xml_attribute: false,
            xml_namespace: None,
            idempotency_token: false,
            host_label: false,
            json_value: false,
        };
        let input = Structure { name: "Input".to_owned(), members: vec![member], ..Structure::default() };
        let operation = Operation {
            name: "GetItems".to_owned(),
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            input: Some(ShapeId(0)),
            output: None,
            result_wrapper: None,
            input_wrapper: None,
            host_prefix: None,
            unsigned: false,
            needs_checksum: false,
            errors: Vec::new(),
        };
        let list = List { member: ShapeId(0), member_name: None, flattened: false };
        Service {
            metadata: Metadata { name: name.to_owned(), ..Metadata::default() },
            operations: vec![operation],
            shapes: vec![Shape::Structure(input), Shape::List(list)],
        }
    }

    fn source(name: &str) -> Source {
        Source { folder: format!("aws-{name}"), service: service(name), constraints: constraints(1) }
    }

    fn constraints(shape: u32) -> Constraints {
        Constraints::new(vec![(ShapeId(shape), Constraint::Words(vec!["A".to_owned(), "B".to_owned()]))])
    }

    fn file() -> Vec<u8> {
        pack("botocore 1", b"Items GetItems Input POST", &["b", "a", "c"].map(source), "a: getItems\n").unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let file = file();
        let packed = Packed::open(&file).unwrap();
        assert_eq!(packed.origin(), "botocore 1");
        let names: Vec<&str> = packed.entries().iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        for (name, place) in [("b", Some(1)), ("aws-c", Some(2)), ("aws", None)] {
            assert_eq!(packed.find(name), place, "{name}");
        }
        let entry = &packed.entries()[1];
        assert_eq!(encode(&packed.service(entry).unwrap()).unwrap(), encode(&service("b")).unwrap());
        assert_eq!(packed.constraints(entry).unwrap(), constraints(1));
        assert_eq!(packed.actions().unwrap(), "a: getItems\n");
    }

    #[test]
    fn a_name_twice_is_refused() {
        let error = pack("botocore 1", b"", &[source("a"), source("a")], "").unwrap_err();
        assert!(error.to_string().contains("have this name"), "{error}");
    }

    #[test]
    fn models_that_point_outside_are_refused() {
        let damaged = |damage: &dyn Fn(&mut Service)| {
            let mut service = service("a");
            damage(&mut service);
            service
        };
        for (service, problem) in [
            (damaged(&|service| service.operations[0].input = Some(ShapeId(1))), "no structure"),
            (damaged(&|service| service.operations[0].errors = vec![ShapeId(0)]), "an error is none"),
            (damaged(&|service| service.shapes.truncate(1)), "refers to what is not there"),
            (damaged(&|service| set_payload(&mut service.shapes[0], 1)), "refers to what is not there"),
        ] {
            let error = encode(&service).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
    }

    #[test]
    fn constraints_of_no_shape_are_refused() {
        let twice = Constraints::new(vec![(ShapeId(0), Constraint::Words(Vec::new())); 2]);
        for constraints in [constraints(2), twice] {
            let error = encode_constraints(&service("a"), &constraints).unwrap_err();
            assert!(error.to_string().contains("a constraint is of no shape"), "{error}");
        }
    }

    fn set_payload(shape: &mut Shape, payload: usize) {
        if let Shape::Structure(structure) = shape {
            structure.payload = Some(payload);
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_an_error() {
        let file = file();
        for length in 0..file.len() {
            let read = Packed::open(&file[..length]).and_then(|packed| packed.actions());
            assert!(read.is_err(), "{length} of {} bytes", file.len());
        }
    }

    proptest! {
        #[test]
        fn damage_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut file = file();
            for (at, byte) in changes {
                let at = at.index(file.len());
                file[at] = byte;
            }
            if let Ok(packed) = Packed::open(&file) {
                let _ = packed.actions();
                for entry in packed.entries() {
                    let _ = packed.constraints(entry);
                    // Either a sound model or an error.
                    if let Ok(service) = packed.service(entry) {
                        service.operations.iter().for_each(|operation| _ = service.is_event_stream(operation));
                    }
                }
            }
        }
    }
}
