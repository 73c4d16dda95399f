//! `/api/v1/openapi.json`, written from the table of calls.

use actix_web::{HttpResponse, Responder};
use keyleash_protocol::problem::Problem;
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::calls::{ALL, Access, Call};

type Schemas = Vec<(String, RefOr<Schema>)>;

/// The type of a body or an answer; `()` is none.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    name: fn() -> String,
    collect: fn(&mut Schemas),
}

impl Shape {
    pub(super) const fn of<T: ToSchema>() -> Self {
        Self { name: || T::name().into_owned(), collect: collect::<T> }
    }

    fn is_none(self) -> bool {
        (self.name)() == <() as ToSchema>::name()
    }
}

fn collect<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

pub(super) async fn document() -> impl Responder {
    HttpResponse::Ok().json(openapi())
}

/// The document, OpenAPI 3.1.
fn openapi() -> Value {
    let mut schemas = Schemas::new();
    collect::<Problem>(&mut schemas);
    let mut paths = Map::new();
    for call in ALL {
        for shape in [call.body, call.answer] {
            if !shape.is_none() {
                (shape.collect)(&mut schemas);
            }
        }
        let methods = paths.entry(call.path()).or_insert_with(|| json!({}));
        methods[call.method.as_str().to_lowercase()] = operation(call);
    }
    let schemas: Map<String, Value> =
        schemas.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keyleash",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Keeps a trader's exchange API keys in step, and takes them back from a removed device at once.",
        },
        "servers": [{ "url": "/api/v1" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "cookie": { "type": "apiKey", "in": "cookie", "name": "__Host-keyleash" },
                "bearer": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn operation(call: &Call) -> Value {
    let mut answer = json!({ "description": call.summary });
    if !call.answer.is_none() {
        answer["content"] = json!({ "application/json": { "schema": reference(call.answer) } });
    }
    let mut operation = json!({
        "summary": call.summary,
        "responses": {
            call.status.to_string(): answer,
            "default": {
                "description": "Refused",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    });
    if !call.body.is_none() {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": reference(call.body) } } });
    }
    if call.access != Access::Public {
        operation["security"] = json!([{ "cookie": [] }, { "bearer": [] }]);
    }
    if call.access == Access::SecondFactor {
        operation["x-second-factor"] = json!(true);
    }
    let in_path = call
        .path()
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = call.query().map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }));
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}

fn reference(shape: Shape) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", (shape.name)()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_in_the_document_is_defined() {
        let document = openapi();
        let text = document.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
        assert_eq!(document["paths"]["/devices/{id}/remove"]["post"]["parameters"][0]["name"], "id");
        assert_eq!(document["paths"]["/events"]["get"]["parameters"][1]["name"], "limit");
    }
}
