#include "formats/fields.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const body_names[] = {
    [QTC_BODY_NONE] = "none",     [QTC_BODY_JSON] = "json",         [QTC_BODY_NAMED] = "named",
    [QTC_BODY_TAGS] = "tags",     [QTC_BODY_ELEMENTS] = "elements", [QTC_BODY_YAML] = "yaml",
    [QTC_BODY_PYTHON] = "python", [QTC_BODY_GEMMA] = "gemma",       [QTC_BODIES] = NULL,
};

static const char *const trim_names[] = {
    [QTC_TRIM_LINE] = "line",   [QTC_TRIM_NONE] = "none", [QTC_TRIM_ALL] = "all",
    [QTC_TRIM_TYPED] = "typed", [QTC_TRIMS] = NULL,
};

static const char *const route_names[] = {
    [QTC_ROUTE_CONTENT] = "content",
    [QTC_ROUTE_REASONING] = "reasoning",
    [QTC_ROUTE_DROP] = "drop",
    [QTC_ROUTE_CALL] = "call",
    [QTC_ROUTES] = NULL,
};

#define FIELD(member, what) .key = #member, .kind = (what), .offset = offsetof(struct qtc_format, member)
#define TEXT(member)        FIELD(member, QTC_FIELD_TEXT)
#define LIST(member)        FIELD(member, QTC_FIELD_LIST)
#define FLAG(member)        FIELD(member, QTC_FIELD_FLAG)
#define ENUM(member, list)  FIELD(member, QTC_FIELD_ENUM), .names = (list)

static const struct qtc_field fields[] = {
    {TEXT(name), .own = true, .about = "the format's name; \"custom\" where a file says none"},
    {LIST(aliases), .own = true, .about = "other names that it answers to"},
    {TEXT(models), .own = true, .prose = true, .about = "the models that write it, for people"},
    {LIST(model_ids), .own = true,
     .about = "parts of model ids that use it, in lower case with '-' between words"},
    {TEXT(example), .own = true, .prose = true, .about = "a call as the model writes it"},

    {ENUM(body, body_names), .always = true,
     .about = "how a call is written: none (there are no calls), json (an object with name and arguments, "
              "or an array of them), named (the name as text, then the arguments as JSON), tags (a tag for "
              "each parameter), elements (a parameter's name is its tag), yaml, python (name(key=value)), "
              "gemma (name{key:value})"},
    {LIST(open), .about = "any of them begins a block of calls; the usual one first"},
    {LIST(close), .about = "any of them ends it; none: the last call does"},
    {FLAG(bare), .about = "text that begins with a call begins a block too"},
    {FLAG(array), .about = "a block usually holds several calls: an array of them, or one behind the other"},
    {FLAG(suffix), .about = "a tag's name may carry a suffix, as in <tool_call:6124c78e>"},

    {TEXT(function_open), .about = "begins a call: \"<function\", whose tag goes on up to function_end, or a "
                                   "whole marker; without it the name follows open"},
    {TEXT(function_end),
     .about = "ends the function's tag; without it the first character does that is not a name's"},
    {TEXT(function_close), .about = "ends a call; without it the arguments' end does"},
    {FLAG(bare_function), .about = "function_open without open begins a call too"},
    {TEXT(name_attribute), .about = "the attribute of the function's tag that holds the name; without it the "
                                    "name stands behind '=', or is the tag's text"},
    {LIST(name_prefixes), .about = "prefixes that are left out of names, as \"functions.\""},
    {TEXT(id_open), .about = "stands between the name and function_end: the call's id follows"},
    {FLAG(name_is_id), .about = "a name such as functions.NAME:0 is also the call's id"},
    {FLAG(doubled_names), .about = "NAME.NAME is NAME, where the tools have only that"},
    {FLAG(type_first),
     .about = "the call's type stands before function_end, the name behind it, up to the line's end"},
    {LIST(skip), .about = "markers between the others that say nothing"},
    {FLAG(spaced), .about = "a blank may stand on both sides of the word between a marker's tokens, as in "
                            "\"<|open|> tools <|sep|>\""},

    {TEXT(parameter_open), .about = "tags: begins a parameter, as \"<parameter\" or \"<arg_key>\""},
    {TEXT(parameter_end), .about = "tags: ends the parameter's tag, as \">\" or \"</arg_key>\""},
    {TEXT(value_open), .about = "tags: stands before the value, as \"<arg_value>\""},
    {TEXT(parameter_close), .about = "tags: ends the value, as \"</parameter>\""},
    {TEXT(key_attribute), .about = "tags: the attribute that holds the parameter's name; as name_attribute"},
    {TEXT(type_attribute), .about = "tags: the attribute that says the value's type: a JSON type's name, or, "
                                    "where it is \"string\", whether the value is one"},
    {TEXT(type_open), .about = "tags: begins an element that says the value's type"},
    {TEXT(type_close), .about = "tags: ends that element"},
    {ENUM(trim, trim_names),
     .about = "tags: what of a value's outer blanks is markup: line (one line end on each side), none, all, "
              "typed (none of a string's, all of other values')"},
    {LIST(wrappers), .about =
                         "tags: a sole parameter of such a name that is none of the tool's, and holds an "
                         "object of the tool's parameters, holds all arguments"},
    {FLAG(cdata), .about = "tags: <![CDATA[...]]> around a value is markup"},
    {FLAG(json_values), .about = "tags: a value whose type is not known is JSON where it can be"},
    {FLAG(entities), .about = "tags: &amp; and &quot; in attributes stand for what they name"},

    {TEXT(element_prefix), .about = "elements: stands before each tag"},
    {FLAG(tool_tags), .about = "elements: the tool's name is the function's tag"},

    {LIST(name_keys), .about = "json: keys of a call's object that hold its name, the usual one first; none: "
                               "the object is {NAME: ARGUMENTS}; elements: the elements that hold the name"},
    {LIST(argument_keys), .about = "json, elements: the same for its arguments"},
    {LIST(id_keys), .about = "json: keys that hold its id"},
    {FLAG(python_spelling), .about = "json: the object is spelled as in Python, {'name': NAME}"},

    {TEXT(delimiter), .about = "gemma: stands on both sides of a string"},

    {LIST(think_open), .about = "any of them begins reasoning; none: the model does not reason in its text"},
    {LIST(think_close), .about = "any of them ends reasoning"},
    {TEXT(think_label), .about = "stands before the reasoning and says nothing, as \"thought\\n\"; where the "
                                 "text begins with it, so does the reasoning"},
    {LIST(content_open), .about = "any of them begins the answer's text, and ends reasoning"},
    {LIST(content_close), .about = "any of them ends the answer's text"},
    {LIST(text_tags), .about = "tags within the answer that are left out of it, such as those around "
                               "citations; one without '>' goes on up to it"},
    {LIST(special_tokens), .about = "special tokens that may leak into the text; they are left out of it"},

    {FLAG(cut_markers),
     .about = "a part of a marker that the text ends in is left out; without it, it is text"},

    {LIST(header_open), .about = "any of them begins a message's header"},
    {LIST(header_end), .about = "any of them ends the header and begins the message's text; none: the next "
                                "marker does, and the header's text is framing"},
    {LIST(message_close), .about = "any of them ends a message"},
    {FLAG(starts_in_header), .about = "the prompt ended in a header: the text begins inside it"},
    {FIELD(routes, QTC_FIELD_ROUTES), .names = route_names,
     .about = "by channel, or by the recipient behind \"to=\" (\"\": neither is named): what a message is; a "
              "recipient that is not listed is a call's name"},
};

const struct qtc_field *qtc_format_fields(size_t *count)
{
    *count = COUNT(fields);
    return fields;
}

const struct qtc_field *qtc_format_field(struct qtc_bytes key)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (qtc_bytes_is(key, fields[i].key)) {
            return &fields[i];
        }
    }
    return NULL;
}

const void *qtc_field_get(const struct qtc_field *field, const struct qtc_format *format)
{
    return (const char *)format + field->offset;
}

void *qtc_field_at(const struct qtc_field *field, struct qtc_format *format)
{
    return (char *)format + field->offset;
}

bool qtc_field_is_set(const struct qtc_field *field, const struct qtc_format *format)
{
    const void *value = qtc_field_get(field, format);

    switch (field->kind) {
    case QTC_FIELD_TEXT:
    case QTC_FIELD_LIST: /* its first entry */
        return *(const char *const *)value != NULL;
    case QTC_FIELD_FLAG:
        return *(const bool *)value;
    case QTC_FIELD_ENUM:
        return *(const unsigned *)value != 0;
    case QTC_FIELD_ROUTES:
        return ((const struct qtc_format_route *)value)->word != NULL;
    default:
        return false;
    }
}

int qtc_field_number(const struct qtc_field *field, struct qtc_bytes name)
{
    for (int i = 0; field->names[i] != NULL; i++) {
        if (qtc_bytes_is(name, field->names[i])) {
            return i;
        }
    }
    return -1;
}
