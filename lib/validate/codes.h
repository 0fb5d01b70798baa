/* codes.h - everything that may be wrong with a call, a conversation or a tool: a row each.
 *
 *     CODE(id, slug, level, text)
 *
 * Slugs are stable: people suppress, count and search by them. level: ERROR (exit status 1), WARNING (told,
 * no more) or UNDECIDED (it could not be told: 2). Included several times, with CODE defined to take
 * from a row what is wanted. */

/* the call */
CODE(UNKNOWN_TOOL, "unknown-tool", ERROR, "the function is not among the tools")
CODE(MISSING_NAME, "missing-name", ERROR, "a call without the name of a function")
CODE(NOT_JSON, "not-json", ERROR, "the arguments are not JSON")
CODE(NOT_AN_OBJECT, "not-an-object", ERROR, "the arguments are JSON, but not an object")
CODE(DUPLICATE_KEY, "duplicate-key", ERROR, "a key stands twice in one object")

/* its arguments against the schema */
CODE(MISSING_ARGUMENT, "missing-argument", ERROR, "a required argument is missing")
CODE(UNKNOWN_ARGUMENT, "unknown-argument", ERROR, "an argument that the schema does not have")
CODE(WRONG_TYPE, "wrong-type", ERROR, "a value of another type than the schema wants")
CODE(NULL_FOR_OPTIONAL, "null-for-optional", ERROR,
     "null for an optional argument, which should be left out (--allow-null takes it)")
CODE(ENUM_MISMATCH, "enum-mismatch", ERROR, "not one of the values that are listed")
CODE(OUT_OF_RANGE, "out-of-range", ERROR, "a number that is too small, too large or no multiple")
CODE(BAD_LENGTH, "bad-length", ERROR, "too few or too many characters, elements or members")
CODE(BAD_PATTERN, "bad-pattern", ERROR, "a string that does not match the pattern")
CODE(BAD_FORMAT, "bad-format", ERROR, "a string that is not of the format (with --formats)")
CODE(DUPLICATE_ITEM, "duplicate-item", ERROR, "an element twice where all must differ")
CODE(BAD_KEY, "bad-key", ERROR, "a key that the schema does not allow")
CODE(NO_MATCH, "no-match", ERROR, "none of the alternatives fits")
CODE(TOO_MANY_MATCHES, "too-many-matches", ERROR, "several alternatives fit where one must")
CODE(NOT_ALLOWED, "not-allowed", ERROR, "a value that the schema forbids")
CODE(ASSERT_FAILED, "assert-failed", ERROR, "the program of --assert does not hold")

/* the conversation */
CODE(DUPLICATE_ID, "duplicate-id", ERROR, "two calls have the same id")
CODE(UNANSWERED_CALL, "unanswered-call", ERROR, "a call has no answer where the conversation goes on")
CODE(ANSWER_WITHOUT_CALL, "answer-without-call", ERROR, "an answer to a call that there is not before it")
CODE(ANSWERED_TWICE, "answered-twice", ERROR, "a second answer to one call")
CODE(TOOL_CHOICE_IGNORED, "tool-choice-ignored", ERROR, "tool_choice asked for something else")
CODE(PARALLEL_CALLS, "parallel-calls", ERROR, "several calls at once where parallel_tool_calls is false")

/* what could not be told */
CODE(NO_TOOLS, "no-tools", UNDECIDED, "calls, but no tools to check them against")
CODE(UNKNOWN_TOOLS, "unknown-tools", UNDECIDED, "the record's tools cannot be read, or are not in the file")
CODE(UNREADABLE, "unreadable", UNDECIDED, "a record that is not JSON")
CODE(UNKNOWN_RECORD, "unknown-record", UNDECIDED, "JSON in which there is no place for calls")
CODE(UNDECIDED, "undecided", UNDECIDED, "a limit was passed while checking")

/* the tools */
CODE(SCHEMA_ERROR, "schema-error", UNDECIDED, "a schema that is none")
CODE(SCHEMA_WARNING, "schema-warning", WARNING, "a schema that probably means something else")
CODE(NO_PARAMETERS, "no-parameters", WARNING, "a tool without a schema")
CODE(BAD_TOOL_NAME, "bad-tool-name", ERROR, "a name that an API does not take")
CODE(DUPLICATE_TOOL, "duplicate-tool", ERROR, "two tools of one name")
CODE(UNDECLARED_REQUIRED, "undeclared-required", ERROR, "required, but not among the properties")
CODE(STRICT_OPTIONAL, "strict-optional", ERROR, "strict mode: a property that is not required")
CODE(STRICT_OPEN, "strict-open", ERROR, "strict mode: an object without additionalProperties: false")
CODE(STRICT_KEYWORD, "strict-keyword", ERROR, "strict mode: a keyword that it does not take")
