#include "base/guess.h"
#include "schema/compiler.h"
#include "schema/metaschemas.h"

#include <string.h>

/* ---- keywords ---------------------------------------------------------------- */

#define ROW_DRAFTS(d)                                                                                        \
    (ROW_DRAFT(d, '4', QTC_DRAFT_4) | ROW_DRAFT(d, '6', QTC_DRAFT_6) | ROW_DRAFT(d, '7', QTC_DRAFT_7) |      \
     ROW_DRAFT(d, '9', QTC_DRAFT_2019_09) | ROW_DRAFT(d, '2', QTC_DRAFT_2020_12))
/* The letters of a row's drafts are at most five; past its end there is only the zero. */
#define LETTER(d, i) (sizeof(d) > (i) ? (d)[sizeof(d) > (i) ? (i) : 0] : 0)
#define ROW_DRAFT(d, letter, draft)                                                                          \
    ((LETTER(d, 0) == (letter) || LETTER(d, 1) == (letter) || LETTER(d, 2) == (letter) ||                    \
      LETTER(d, 3) == (letter) || LETTER(d, 4) == (letter))                                                  \
         ? 1u << (draft)                                                                                     \
         : 0u)

#define START_LETTER(name, i) ((uint64_t)LETTER(name, i) << (56 - 8 * (i)))
#define START(name)                                                                                          \
    (START_LETTER(name, 0) | START_LETTER(name, 1) | START_LETTER(name, 2) | START_LETTER(name, 3) |         \
     START_LETTER(name, 4) | START_LETTER(name, 5) | START_LETTER(name, 6) | START_LETTER(name, 7))

const struct qtc_keyword_row qtc_keyword_rows[QTC_KEYWORDS] = {
    [QTC_K_NONE] = {"", 0, 0, 0, 0, QTC_H_NOTHING},
    [QTC_K_CLOSED] = {"", 0, 0, 0, 0, QTC_H_NOTHING},
#define KEYWORD(id, name, drafts, vocabulary, holds)                                                         \
    [QTC_K_##                                                                                                \
        id] = {name, sizeof(name) - 1, START(name), ROW_DRAFTS(drafts), QTC_V_##vocabulary, QTC_H_##holds},
#include "schema/keywords.h"
#undef KEYWORD
};

const char *qtc_keyword_name(unsigned keyword)
{
    return keyword < QTC_KEYWORDS ? qtc_keyword_rows[keyword].name : "";
}

static uint64_t start_of(struct qtc_bytes name)
{
    uint64_t start = 0;

    for (size_t i = 0; i < 8; i++) {
        start = start << 8 | (i < name.len ? (unsigned char)name.data[i] : 0);
    }
    return start;
}

/* Rows stand in the order of strcmp, from ANCHOR on: so their starts are in order, and few are alike. */
enum qtc_keyword qtc_keyword_find(struct qtc_bytes name)
{
    uint64_t start = start_of(name);
    unsigned lo = QTC_K_ANCHOR;
    unsigned hi = QTC_KEYWORDS;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (qtc_keyword_rows[mid].start < start) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < QTC_KEYWORDS && qtc_keyword_rows[lo].start == start; lo++) {
        if (qtc_bytes_equal(qtc_bytes(qtc_keyword_rows[lo].name, qtc_keyword_rows[lo].len), name)) {
            return (enum qtc_keyword)lo;
        }
    }
    return QTC_K_NONE;
}

/* ---- the nearest keyword --------------------------------------------------------- */

/* One edit, or two in long names; of short ones (not, id, if) only the case. */
static unsigned tolerance(size_t len)
{
    return len < 4 ? 0 : len < 9 ? 1 : 2;
}

enum qtc_keyword qtc_keyword_nearest(struct qtc_bytes name)
{
    enum qtc_keyword nearest = QTC_K_NONE;
    struct qtc_guess guess;

    qtc_guess_begin(&guess, name, tolerance(name.len));
    for (unsigned k = QTC_K_ANCHOR; k < QTC_KEYWORDS; k++) {
        size_t before = guess.distance;

        qtc_guess_consider(&guess, qtc_str(qtc_keyword_rows[k].name));
        if (guess.distance < before) {
            nearest = (enum qtc_keyword)k;
        }
    }
    return nearest;
}

/* ---- drafts -------------------------------------------------------------------------- */

static const char *const draft_names[] = {
    [QTC_DRAFT_DEFAULT] = "",
    [QTC_DRAFT_4] = "4",
    [QTC_DRAFT_6] = "6",
    [QTC_DRAFT_7] = "7",
    [QTC_DRAFT_2019_09] = "2019-09",
    [QTC_DRAFT_2020_12] = "2020-12",
};

enum { DRAFTS = sizeof draft_names / sizeof draft_names[0] };

const char *qtc_draft_name(enum qtc_draft draft)
{
    return (unsigned)draft < DRAFTS ? draft_names[draft] : "";
}

/* http and https are not told apart: both are written. */
static struct qtc_bytes without_scheme(struct qtc_bytes uri)
{
    if (uri.len > 0 && uri.data[uri.len - 1] == '#') {
        uri.len--;
    }
    for (size_t n = 7; n <= 8; n++) {
        if (uri.len > n && memcmp(uri.data, n == 7 ? "http://" : "https://", n) == 0) {
            return qtc_bytes(uri.data + n, uri.len - n);
        }
    }
    return uri;
}

bool qtc_draft_find(struct qtc_bytes name, enum qtc_draft *draft)
{
    struct qtc_bytes bare = without_scheme(name);
    enum qtc_draft last = QTC_DRAFT_DEFAULT;

    for (unsigned d = QTC_DRAFT_4; d < DRAFTS; d++) {
        if (qtc_bytes_is(name, draft_names[d])) {
            *draft = (enum qtc_draft)d;
            return true;
        }
    }
    for (size_t i = 0; i < qtc_metaschema_count; i++) {
        /* the first of a draft is its metaschema, the others are vocabularies */
        if (qtc_metaschemas[i].draft != last &&
            qtc_bytes_equal(without_scheme(qtc_str(qtc_metaschemas[i].uri)), bare)) {
            *draft = qtc_metaschemas[i].draft;
            return true;
        }
        last = qtc_metaschemas[i].draft;
    }
    return false;
}

/* ---- types ----------------------------------------------------------------------------- */

static const struct {
    enum qtc_type type;
    const char *name;
    size_t len;
} type_names[] = {
#define TYPE(type, name)                                                                                     \
    {                                                                                                        \
        type, name, sizeof(name) - 1                                                                         \
    }
    TYPE(QTC_T_STRING, "string"),   TYPE(QTC_T_INTEGER, "integer"), TYPE(QTC_T_NUMBER, "number"),
    TYPE(QTC_T_BOOLEAN, "boolean"), TYPE(QTC_T_NULL, "null"),       TYPE(QTC_T_ARRAY, "array"),
    TYPE(QTC_T_OBJECT, "object"),
#undef TYPE
};

enum { TYPES = sizeof type_names / sizeof type_names[0] };

const char *qtc_type_name(enum qtc_type type)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (type_names[i].type == type) {
            return type_names[i].name;
        }
    }
    return "";
}

unsigned qtc_type_find(struct qtc_bytes name, bool any_case)
{
    for (size_t i = 0; i < TYPES; i++) {
        const char *known = type_names[i].name;

        if (name.len == type_names[i].len && (memcmp(name.data, known, name.len) == 0 ||
                                              (any_case && strncasecmp(name.data, known, name.len) == 0))) {
            return type_names[i].type;
        }
    }
    return 0;
}

enum qtc_type qtc_type_of(const struct qtc_json *value)
{
    static const unsigned char types[] = {
        [QTC_JSON_NULL] = QTC_T_NULL,     [QTC_JSON_FALSE] = QTC_T_BOOLEAN, [QTC_JSON_TRUE] = QTC_T_BOOLEAN,
        [QTC_JSON_NUMBER] = QTC_T_NUMBER, [QTC_JSON_STRING] = QTC_T_STRING, [QTC_JSON_ARRAY] = QTC_T_ARRAY,
        [QTC_JSON_OBJECT] = QTC_T_OBJECT,
    };

    if (value->type == QTC_JSON_NUMBER && qtc_number_is_integer(value->raw)) {
        return QTC_T_INTEGER;
    }
    return (enum qtc_type)types[value->type];
}
