// Package jinja renders chat templates: Jinja as Hugging Face's models use it,
// with the environment of transformers' apply_chat_template.
//
// The text is the one that Python's jinja2 3.1 gives in an
// ImmutableSandboxedEnvironment with trim_blocks and lstrip_blocks, break and
// continue, the generation tag, raise_exception, strftime_now and a tojson that
// is json.dumps. Templates see the values they are given and nothing else.
//
// A template comes with a model file and is hostile code. Parsing and rendering
// are limited in steps, depth, output and memory, and whatever is wrong is one
// error of one line. No library for Go has such limits, which is why this one
// is our own.
//
// What a template cannot do here: include, import and extend other templates
// (there are none), escape automatically, and the filters and functions that
// give random text.
package jinja
