//! Things that an action names and its operation wants by identity: instance fleets and groups of a cluster.

use models::optimized::Lookup;
use serde_json::{Map, Value as Json};

use super::{Members, Sender, member};
use crate::Failure;

/// The most pages that are read to find a name: no cluster has as many fleets or groups.
const PAGES_MAX: usize = 100;

/// Puts the identity in the name's place.
pub(super) async fn fill_in(sender: &Sender<'_>, lookup: &Lookup, members: &mut Members) -> Result<(), Failure> {
    let cluster = member(members, "ClusterId").cloned().unwrap_or_default();
    let name = members.shift_remove(lookup.name).unwrap_or_default();
    let id = find(sender, lookup, &cluster, &name).await?;
    if let Some(Json::Object(target)) = members.get_mut(lookup.into) {
        target.insert(lookup.id.to_owned(), id);
    }
    Ok(())
}

async fn find(sender: &Sender<'_>, lookup: &Lookup, cluster: &Json, name: &Json) -> Result<Json, Failure> {
    let mut input = Map::from_iter([("ClusterId".to_owned(), cluster.clone())]);
    for _ in 0..PAGES_MAX {
        let page = sender.send(lookup.operation, &Json::Object(input.clone())).await?.output;
        let items = page[lookup.list].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(item) = items.iter().find(|item| &item["Name"] == name) {
            return Ok(item["Id"].clone());
        }
        match &page["Marker"] {
            Json::String(marker) => input.insert("Marker".to_owned(), marker.as_str().into()),
            _ => break,
        };
    }
    let (list, cluster) = (lookup.list, cluster.as_str().unwrap_or_default());
    Err(Failure::task_failed(format!("The cluster {cluster} has no {name} among its {list}")))
}
