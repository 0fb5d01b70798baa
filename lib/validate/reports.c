/* reports.c - the kinds of report: a row each at the end of the file. */
#include "validate/validate.h"

#include "qtc.h"

#include <string.h>

/* ---- what several have ------------------------------------------------------------- */

static void put_place(struct qtc_buf *out, const struct qtc_reported *r)
{
    qtc_buf_str(out, r->file);
    qtc_buf_byte(out, ':');
    qtc_buf_u64(out, r->line);
}

static void put_key(struct qtc_buf *out, const char *key)
{
    if (out->len > 0 && !out->failed && out->data[out->len - 1] != '{') {
        qtc_buf_byte(out, ',');
    }
    qtc_json_string(out, qtc_str(key));
    qtc_buf_byte(out, ':');
}

static void put_text(struct qtc_buf *out, const char *key, struct qtc_bytes text)
{
    if (text.len > 0) {
        put_key(out, key);
        qtc_json_string(out, text);
    }
}

static void put_count(struct qtc_buf *out, const char *key, uint64_t n)
{
    if (n > 0) {
        put_key(out, key);
        qtc_buf_u64(out, n);
    }
}

static const char *level_of(const struct qtc_issue *issue)
{
    return qtc_issue_info(issue->code)->level == QTC_LEVEL_WARNING ? "warning" : "error";
}

/* ---- text: FILE:LINE: message ---------------------------------------------------------- */

static void text_issue(struct qtc_buf *out, const struct qtc_reported *r, const struct qtc_issue *issue)
{
    put_place(out, r);
    qtc_buf_str(out, ": ");
    qtc_issue_put(out, issue);
    qtc_buf_byte(out, '\n');
}

/* ---- json: a line a finding --------------------------------------------------------------- */

static void put_json(struct qtc_buf *out, const char *key, struct qtc_bytes json)
{
    if (json.len > 0) {
        put_key(out, key);
        qtc_buf_put(out, json);
    }
}

static void json_issue(struct qtc_buf *out, const struct qtc_reported *r, const struct qtc_issue *issue)
{
    qtc_buf_byte(out, '{');
    put_text(out, "file", qtc_str(r->file));
    put_count(out, "line", r->line);
    put_json(out, "id", r->id);
    put_count(out, "call", issue->call);
    put_text(out, "name", issue->name);
    put_text(out, "code", qtc_str(qtc_issue_info(issue->code)->slug));
    put_text(out, "level", qtc_str(level_of(issue)));
    put_key(out, "pointer");
    qtc_json_string(out, issue->at);
    put_text(out, "keyword", qtc_str(issue->keyword != NULL ? issue->keyword : ""));
    put_text(out, "schema_pointer", issue->schema_at);
    put_json(out, "got", issue->got);
    put_text(out, "wanted", issue->wanted);
    put_text(out, "message", issue->message);
    put_text(out, "hint", issue->hint);
    if (issue->line > 0) {
        put_key(out, "byte");
        qtc_buf_u64(out, issue->byte);
    }
    put_count(out, "arguments_line", issue->line);
    put_count(out, "arguments_column", issue->column);
    qtc_buf_str(out, "}\n");
}

/* ---- tap: a test a record -------------------------------------------------------------------- */

static void tap_begin(struct qtc_buf *out)
{
    qtc_buf_str(out, "TAP version 14\n");
}

/* # and \ would begin a directive or an escape. */
static void put_tap(struct qtc_buf *out, struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '#' || text.data[i] == '\\') {
            qtc_buf_byte(out, '\\');
        }
        qtc_buf_byte(out, text.data[i] == '\n' ? ' ' : text.data[i]);
    }
}

/* A YAML block below the test: strings of JSON are YAML, too. */
static void tap_issue(struct qtc_buf *out, const struct qtc_reported *r, const struct qtc_issue *issue)
{
    struct qtc_buf line = {0};

    (void)r;
    qtc_issue_put(&line, issue);
    qtc_buf_str(out, "    - ");
    qtc_json_string(out, qtc_buf_bytes(&line));
    qtc_buf_byte(out, '\n');
    out->failed = out->failed || line.failed;
    qtc_buf_free(&line);
}

static void tap_record(struct qtc_buf *out, const struct qtc_reported *r, struct qtc_bytes issues)
{
    qtc_buf_str(out, r->outcome->issues > 0 ? "not ok - " : "ok - ");
    put_tap(out, qtc_str(r->file));
    qtc_buf_byte(out, ':');
    qtc_buf_u64(out, r->line);
    if (r->outcome->names.len > 0) {
        qtc_buf_byte(out, ' ');
        put_tap(out, r->outcome->names);
    }
    qtc_buf_byte(out, '\n');
    if (issues.len > 0) {
        qtc_buf_str(out, "  ---\n  findings:\n");
        qtc_buf_put(out, issues);
        qtc_buf_str(out, "  ...\n");
    }
}

static void tap_end(struct qtc_buf *out, uint64_t records)
{
    qtc_buf_str(out, "1..");
    qtc_buf_u64(out, records);
    qtc_buf_str(out, records == 0 ? " # skip no records\n" : "\n");
}

/* ---- junit: a test case a record ---------------------------------------------------------------- */

static const char *const xml_escapes[128] = {
    ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;", ['\n'] = "&#10;", ['\t'] = "&#9;",
};

/* What XML cannot hold, controls and bytes that are not UTF-8, becomes U+FFFD. */
static void put_xml(struct qtc_buf *out, struct qtc_bytes text)
{
    static const char replacement[] = "\xef\xbf\xbd";

    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.data[i];
        unsigned n = qtc_utf8_char(text.data + i, text.len - i);
        bool forbidden =
            n == 0 || (c < 0x20 && c != '\n' && c != '\t') ||
            (n == 3 && memcmp(text.data + i, "\xef\xbf", 2) == 0 && (unsigned char)text.data[i + 2] >= 0xbe);
        if (c < 128 && xml_escapes[c] != NULL) {
            qtc_buf_str(out, xml_escapes[c]);
        } else if (forbidden) {
            qtc_buf_str(out, replacement);
        } else {
            qtc_buf_add(out, text.data + i, n);
        }
        i += n > 0 ? n : 1;
    }
}

static void junit_begin(struct qtc_buf *out)
{
    qtc_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"qtc-validate\">\n");
}

static void junit_begin_file(struct qtc_buf *out, const char *file)
{
    qtc_buf_str(out, " <testsuite name=\"");
    put_xml(out, qtc_str(file));
    qtc_buf_str(out, "\">\n");
}

static void junit_issue(struct qtc_buf *out, const struct qtc_reported *r, const struct qtc_issue *issue)
{
    struct qtc_buf line = {0};
    bool undecided = qtc_issue_info(issue->code)->level == QTC_LEVEL_UNDECIDED;
    bool warning = qtc_issue_info(issue->code)->level == QTC_LEVEL_WARNING;

    qtc_issue_put(&line, issue);
    qtc_buf_str(out, warning ? "   <system-out>" : undecided ? "   <error type=\"" : "   <failure type=\"");
    if (!warning) {
        qtc_buf_str(out, qtc_issue_info(issue->code)->slug);
        qtc_buf_str(out, "\" message=\"");
        put_xml(out, qtc_buf_bytes(&line));
        qtc_buf_str(out, "\">");
        put_xml(out, qtc_str(r->file));
        qtc_buf_byte(out, ':');
        qtc_buf_u64(out, r->line);
    } else {
        put_xml(out, qtc_buf_bytes(&line));
    }
    qtc_buf_str(out, warning ? "</system-out>\n" : undecided ? "</error>\n" : "</failure>\n");
    out->failed = out->failed || line.failed;
    qtc_buf_free(&line);
}

static void junit_record(struct qtc_buf *out, const struct qtc_reported *r, struct qtc_bytes issues)
{
    qtc_buf_str(out, "  <testcase classname=\"");
    put_xml(out, qtc_str(r->file));
    qtc_buf_str(out, "\" name=\"line ");
    qtc_buf_u64(out, r->line);
    if (r->outcome->names.len > 0) {
        qtc_buf_str(out, ": ");
        put_xml(out, r->outcome->names);
    }
    qtc_buf_str(out, "\" file=\"");
    put_xml(out, qtc_str(r->file));
    qtc_buf_str(out, "\" line=\"");
    qtc_buf_u64(out, r->line);
    if (issues.len == 0) {
        qtc_buf_str(out, "\"/>\n");
        return;
    }
    qtc_buf_str(out, "\">\n");
    qtc_buf_put(out, issues);
    qtc_buf_str(out, "  </testcase>\n");
}

static void junit_end_file(struct qtc_buf *out)
{
    qtc_buf_str(out, " </testsuite>\n");
}

static void junit_end(struct qtc_buf *out, uint64_t records)
{
    (void)records;
    qtc_buf_str(out, "</testsuites>\n");
}

/* ---- github: workflow commands ---------------------------------------------------------------------- */

/* As @actions/core escapes: in a property , and : as well. */
static void put_command(struct qtc_buf *out, struct qtc_bytes text, bool property)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%' || c == '\n' || c == '\r' || (property && (c == ':' || c == ','))) {
            qtc_buf_byte(out, '%');
            qtc_buf_byte(out, hex[c >> 4 & 15]);
            qtc_buf_byte(out, hex[c & 15]);
        } else {
            qtc_buf_byte(out, c);
        }
    }
}

static void github_issue(struct qtc_buf *out, const struct qtc_reported *r, const struct qtc_issue *issue)
{
    struct qtc_buf line = {0};

    qtc_issue_put(&line, issue);
    qtc_buf_str(out, "::");
    qtc_buf_str(out, level_of(issue));
    qtc_buf_str(out, " file=");
    put_command(out, qtc_str(r->file), true);
    qtc_buf_str(out, ",line=");
    qtc_buf_u64(out, r->line);
    qtc_buf_str(out, ",title=");
    put_command(out, qtc_str(qtc_issue_info(issue->code)->slug), true);
    qtc_buf_str(out, "::");
    put_command(out, qtc_buf_bytes(&line), false);
    qtc_buf_byte(out, '\n');
    out->failed = out->failed || line.failed;
    qtc_buf_free(&line);
}

/* ---- sarif: 2.1.0 -------------------------------------------------------------------------------------- */

static void sarif_begin(struct qtc_buf *out)
{
    qtc_buf_str(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
                     "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"qtc-validate\",\"version\":\"" QTC_VERSION
                     "\",\"rules\":[");
    for (unsigned i = 0; i < QTC_ISSUES; i++) {
        const struct qtc_issue_info *info = qtc_issue_info(i);
        qtc_buf_str(out, i > 0 ? ",\n{" : "\n{");
        put_text(out, "id", qtc_str(info->slug));
        put_key(out, "shortDescription");
        qtc_buf_byte(out, '{');
        put_text(out, "text", qtc_str(info->text));
        qtc_buf_str(out, "}}");
    }
    qtc_buf_str(out, "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[\n");
}

/* A file's name as a URI reference. */
static void put_uri(struct qtc_buf *out, const char *file)
{
    static const char hex[] = "0123456789ABCDEF", plain[] = "-._~/!$&'()*+,;=@";

    for (; *file != '\0'; file++) {
        unsigned char c = (unsigned char)*file;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || strchr(plain, c) != NULL) {
            qtc_buf_byte(out, (char)c);
        } else {
            qtc_buf_byte(out, '%');
            qtc_buf_byte(out, hex[c >> 4]);
            qtc_buf_byte(out, hex[c & 15]);
        }
    }
}

static void sarif_issue(struct qtc_buf *out, const struct qtc_reported *r, const struct qtc_issue *issue)
{
    struct qtc_buf line = {0};

    qtc_issue_put(&line, issue);
    qtc_buf_byte(out, '{');
    put_text(out, "ruleId", qtc_str(qtc_issue_info(issue->code)->slug));
    put_key(out, "ruleIndex");
    qtc_buf_u64(out, issue->code);
    put_text(out, "level", qtc_str(level_of(issue)));
    put_key(out, "message");
    qtc_buf_byte(out, '{');
    put_text(out, "text", qtc_buf_bytes(&line));
    qtc_buf_str(out, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"");
    put_uri(out, r->file);
    qtc_buf_str(out, "\"},\"region\":{\"startLine\":");
    qtc_buf_u64(out, r->line);
    qtc_buf_str(out, "}}");
    if (issue->name.len > 0) {
        qtc_buf_str(out, ",\"logicalLocations\":[{");
        put_text(out, "name", issue->name);
        qtc_buf_str(out, ",\"kind\":\"function\"}]");
    }
    qtc_buf_str(out, "}],\"properties\":{\"pointer\":");
    qtc_json_string(out, issue->at);
    put_text(out, "schemaPointer", issue->schema_at);
    qtc_buf_str(out, "}}");
    out->failed = out->failed || line.failed;
    qtc_buf_free(&line);
}

static void sarif_end(struct qtc_buf *out, uint64_t records)
{
    (void)records;
    qtc_buf_str(out, "]}]}\n");
}

static const struct qtc_report reports[] = {
    {"text", "FILE:LINE: message [code]", NULL, NULL, text_issue, NULL, NULL, NULL, NULL},
    {"json", "a JSON object a finding", NULL, NULL, json_issue, NULL, NULL, NULL, NULL},
    {"tap", "TAP 14, a test a record", tap_begin, NULL, tap_issue, tap_record, NULL, tap_end, NULL},
    {"junit", "JUnit XML, a test case a record", junit_begin, junit_begin_file, junit_issue, junit_record,
     junit_end_file, junit_end, NULL},
    {"github", "GitHub workflow commands", NULL, NULL, github_issue, NULL, NULL, NULL, NULL},
    {"sarif", "SARIF 2.1.0", sarif_begin, NULL, sarif_issue, NULL, NULL, sarif_end, ",\n"},
};

const struct qtc_report *qtc_reports(size_t *count)
{
    *count = sizeof reports / sizeof *reports;
    return reports;
}
