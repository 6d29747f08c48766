//! What the services of agents speak: how a request is read, and how an answer is written.

use serde_json::{Value, json};

use crate::http::Answer;
use crate::stand_in::{Asked, Said};

/// One service's way to say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Messages, by Anthropic.
    Messages,
    /// Chat completions, by OpenAI and many others.
    Chat,
    /// Responses, by OpenAI.
    Responses,
    /// Generate content, by Google.
    Gemini,
}

impl Dialect {
    /// The dialect of a path. None for what carries no question.
    pub fn of(path: &str) -> Option<Dialect> {
        match path.rsplit(['/', ':']).next()? {
            "messages" => Some(Dialect::Messages),
            "completions" => Some(Dialect::Chat),
            "responses" => Some(Dialect::Responses),
            "generateContent" | "streamGenerateContent" => Some(Dialect::Gemini),
            _ => None,
        }
    }

    /// What a request asks.
    pub fn read(self, path: &str, request: &Value) -> Asked {
        let messages = match self {
            Dialect::Messages | Dialect::Chat => &request["messages"],
            Dialect::Responses => &request["input"],
            Dialect::Gemini => &request["contents"],
        };
        Asked {
            model: request["model"].clone(),
            stream: request["stream"] == true || path.ends_with(":streamGenerateContent"),
            tools: list(&request["tools"]).flat_map(|tool| self.names(tool)).collect(),
            results: list(messages).flat_map(|message| self.results(message)).collect(),
        }
    }

    /// The names in one entry of the tools.
    fn names(self, tool: &Value) -> Vec<String> {
        let name = |tool: &Value| tool["name"].as_str().map(str::to_owned);
        match self {
            Dialect::Messages | Dialect::Responses => name(tool).into_iter().collect(),
            Dialect::Chat => name(&tool["function"]).into_iter().collect(),
            Dialect::Gemini => list(&tool["functionDeclarations"]).filter_map(name).collect(),
        }
    }

    /// The results that one message brings.
    fn results(self, message: &Value) -> Vec<String> {
        let found: Vec<&Value> = match self {
            Dialect::Messages => {
                let blocks = list(&message["content"]).filter(|block| block["type"] == "tool_result");
                blocks.map(|block| &block["content"]).collect()
            }
            Dialect::Chat if message["role"] == "tool" => vec![&message["content"]],
            Dialect::Responses if message["type"] == "function_call_output" => vec![&message["output"]],
            Dialect::Gemini => {
                let parts = list(&message["parts"]).map(|part| &part["functionResponse"]["response"]);
                parts.filter(|response| !response.is_null()).collect()
            }
            Dialect::Chat | Dialect::Responses => Vec::new(),
        };
        found.into_iter().map(text_of).collect()
    }

    /// The answer that says it.
    pub fn write(self, asked: &Asked, said: &Said) -> Answer {
        match self {
            Dialect::Messages => messages(asked, said),
            Dialect::Chat => chat(asked, said),
            Dialect::Responses => responses(asked, said),
            Dialect::Gemini => gemini(asked, said),
        }
    }
}

/// The elements of a list, none of anything else.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The text in a result: a string, a list of blocks, or an object with fields of text.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().map(text_of).collect(),
        Value::Object(fields) => {
            let texts = ["text", "output", "error"].into_iter().filter_map(|name| fields.get(name)?.as_str());
            texts.collect()
        }
        _ => String::new(),
    }
}

/// Messages: one block, streamed piece by piece.
fn messages(asked: &Asked, said: &Said) -> Answer {
    let (block, empty, delta, reason) = match said {
        Said::Text(text) => (
            json!({ "type": "text", "text": text }),
            json!({ "type": "text", "text": "" }),
            json!({ "type": "text_delta", "text": text }),
            "end_turn",
        ),
        Said::Call(call, number) => {
            let block = |input: &Value| json!({ "type": "tool_use", "id": format!("toolu_{number}"), "name": call.tool, "input": input });
            let delta = json!({ "type": "input_json_delta", "partial_json": call.input.to_string() });
            (block(&call.input), block(&json!({})), delta, "tool_use")
        }
    };
    let message = |content: Value, reason: Value| {
        json!({
            "id": "msg_stand_in", "type": "message", "role": "assistant", "model": asked.model, "content": content,
            "stop_reason": reason, "stop_sequence": null, "usage": { "input_tokens": 1, "output_tokens": 1 },
        })
    };
    if !asked.stream {
        return Answer::json(&message(json!([block]), json!(reason)));
    }
    let closing = json!({ "stop_reason": reason, "stop_sequence": null });
    let events = [
        json!({ "type": "message_start", "message": message(json!([]), Value::Null) }),
        json!({ "type": "content_block_start", "index": 0, "content_block": empty }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": closing, "usage": { "output_tokens": 1 } }),
        json!({ "type": "message_stop" }),
    ];
    Answer::events(&events, "")
}

/// Chat completions: one choice.
fn chat(asked: &Asked, said: &Said) -> Answer {
    let (message, reason) = match said {
        Said::Text(text) => (json!({ "role": "assistant", "content": text }), "stop"),
        Said::Call(call, number) => {
            let function = json!({ "name": call.tool, "arguments": call.input.to_string() });
            let call = json!({ "index": 0, "id": format!("call_{number}"), "type": "function", "function": function });
            (json!({ "role": "assistant", "content": null, "tool_calls": [call] }), "tool_calls")
        }
    };
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
    let completion = |object: &str, choices: Value, usage: &Value| json!({ "id": "stand-in", "object": object, "created": 1, "model": asked.model, "choices": choices, "usage": usage });
    if !asked.stream {
        let choices = json!([{ "index": 0, "message": message, "finish_reason": reason }]);
        return Answer::json(&completion("chat.completion", choices, &usage));
    }
    let chunk = |choices: Value, usage: &Value| completion("chat.completion.chunk", choices, usage);
    let events = [
        chunk(json!([{ "index": 0, "delta": message, "finish_reason": null }]), &Value::Null),
        chunk(json!([{ "index": 0, "delta": {}, "finish_reason": reason }]), &Value::Null),
        chunk(json!([]), &usage),
    ];
    Answer::events(&events, "data: [DONE]\n\n")
}

/// Responses: one item.
fn responses(asked: &Asked, said: &Said) -> Answer {
    let item = match said {
        Said::Text(text) => json!({
            "type": "message", "id": "msg_stand_in", "role": "assistant", "status": "completed",
            "content": [{ "type": "output_text", "text": text, "annotations": [] }],
        }),
        Said::Call(call, number) => json!({
            "type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"),
            "name": call.tool, "arguments": call.input.to_string(), "status": "completed",
        }),
    };
    let response = |status: &str, output: Value| {
        json!({
            "id": "resp_stand_in", "object": "response", "created_at": 1, "model": asked.model, "status": status,
            "output": output, "usage": {
                "input_tokens": 1, "input_tokens_details": { "cached_tokens": 0 },
                "output_tokens": 1, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": 2,
            },
        })
    };
    let completed = response("completed", json!([item]));
    if !asked.stream {
        return Answer::json(&completed);
    }
    let events = [
        json!({ "type": "response.created", "response": response("in_progress", json!([])) }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": completed }),
    ];
    Answer::events(&events, "")
}

/// Generate content: one part.
fn gemini(asked: &Asked, said: &Said) -> Answer {
    let part = match said {
        Said::Text(text) => json!({ "text": text }),
        Said::Call(call, _) => json!({ "functionCall": { "name": call.tool, "args": call.input } }),
    };
    let content = json!({ "role": "model", "parts": [part] });
    let whole = json!({
        "candidates": [{ "content": content, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": { "promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2 },
    });
    if asked.stream { Answer::events(&[whole], "") } else { Answer::json(&whole) }
}
