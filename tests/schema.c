/* schema.c - runs the JSON Schema test suite over lib/schema.
 *
 *     tests/schema [--tap] [--differences FILE.md] [--draft NAME] DIRECTORY
 *
 * DIRECTORY holds tests/draftX/…  .json and remotes/. Each test is run quietly and loudly; both must agree.
 * Optional and format tests run with formats on. A test that fails and whose name is listed in
 * FILE.md (a line that begins with "- `NAME`") passes as a known difference. Figures per
 * draft follow as comments. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "schema/schema.h"

struct figures {
    unsigned required, required_ok, optional, optional_ok, format, format_ok;
};

struct suite {
    const char *directory;
    struct qtc_buf differences;
    struct qtc_arena arena; /* of the remotes; and their texts */
    unsigned tests, failed;
    bool tap;
};

/* ---- files ------------------------------------------------------------------- */

static bool read_file(const char *path, struct qtc_buf *out)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f) {
        return false;
    }
    do {
        char *room = qtc_buf_room(out, 65536);

        n = room ? fread(room, 1, 65536, f) : 0;
        out->len += n;
    } while (n > 0);
    fclose(f);
    return !out->failed;
}

static const struct qtc_json *read_json(struct qtc_arena *arena, const char *path)
{
    struct qtc_buf text = {0};
    struct qtc_error error;
    const struct qtc_json *tree = NULL;

    if (read_file(path, &text)) {
        struct qtc_bytes copy = qtc_arena_copy(arena, qtc_buf_bytes(&text));

        tree = copy.data ? qtc_json_read(arena, copy, &error) : NULL;
    }
    qtc_buf_free(&text);
    return tree;
}

/* The remotes are "served" from http://localhost:1234/. */
static const struct qtc_json *resolve(void *ctx, struct qtc_bytes uri)
{
    static const char server[] = "http://localhost:1234/";
    struct suite *s = ctx;
    char path[1024];

    if (uri.len < sizeof server - 1 || memcmp(uri.data, server, sizeof server - 1) != 0) {
        return NULL;
    }
    snprintf(path, sizeof path, "%s/remotes/%.*s", s->directory, (int)(uri.len - (sizeof server - 1)),
             uri.data + sizeof server - 1);
    return read_json(&s->arena, path);
}

/* ---- a test -------------------------------------------------------------------- */

static bool count_finding(void *ctx, const struct qtc_finding *finding)
{
    (void)finding;
    ++*(unsigned *)ctx;
    return true;
}

static bool is_known(const struct suite *s, const char *name)
{
    char line[1100];

    snprintf(line, sizeof line, "- `%.1050s`", name);
    return s->differences.len > 0 && memmem(s->differences.data, s->differences.len, line, strlen(line));
}

static bool report(struct suite *s, const char *name, bool ok, const char *why)
{
    bool known = !ok && is_known(s, name);

    s->tests++;
    s->failed += !ok && !known;
    if (s->tap) {
        printf("%sok %u - %s%s\n", ok || known ? "" : "not ", s->tests, name,
               known ? " (a known difference)" : "");
    }
    if (!ok && !known) {
        printf("# %s: %s\n", name, why);
    }
    return ok;
}

static bool run_test(struct suite *s, const struct qtc_schema *schema, struct qtc_validator *v,
                     const struct qtc_json *test, const char *name)
{
    const struct qtc_json *data = qtc_json_get(test, "data");
    bool wanted = qtc_json_type_of(qtc_json_get(test, "valid")) == QTC_JSON_TRUE;
    enum qtc_verdict quiet = qtc_schema_check(schema, v, data);
    unsigned findings = 0;
    enum qtc_verdict loud = qtc_schema_validate(schema, v, data, count_finding, &findings);
    const char *why = NULL;

    if (quiet != (wanted ? QTC_VALID : QTC_INVALID)) {
        why = quiet == QTC_UNDECIDED ? qtc_validator_error(v).message : wanted ? "is refused" : "is taken";
    } else if (loud != quiet || (findings == 0) != wanted) {
        why = "the findings do not fit the verdict";
    }
    return report(s, name, !why, why);
}

/* ---- files of tests ---------------------------------------------------------------- */

struct place {
    enum qtc_draft draft;
    const char *folder; /* "", "optional/", "optional/format/" */
    const char *draft_folder;
    unsigned *count, *ok;
};

static void run_group(struct suite *s, const struct place *p, const char *file, const struct qtc_json *group)
{
    struct qtc_schema_options options = {.draft = p->draft, .formats = *p->folder != 0, .resolve = resolve};
    struct qtc_schema_problem problem = {0};
    struct qtc_schema *schema;
    struct qtc_validator *v = qtc_validator_new();
    struct qtc_bytes title = qtc_json_text(qtc_json_get(group, "description"));

    options.resolve_ctx = s;
    schema = qtc_schema_compile(qtc_json_get(group, "schema"), &options, &problem);
    for (const struct qtc_json *t = qtc_json_get(group, "tests")->first; t; t = t->next) {
        struct qtc_bytes sub = qtc_json_text(qtc_json_get(t, "description"));
        char name[1024], why[1024];

        snprintf(name, sizeof name, "%s/%s%s: %.*s: %.*s", p->draft_folder, p->folder, file, (int)title.len,
                 title.data, (int)sub.len, sub.data);
        for (char *c = name; *c; c++) {
            *c = *c == '#' ? ' ' : *c;
        }
        ++*p->count;
        if (schema) {
            *p->ok += run_test(s, schema, v, t, name);
        } else {
            snprintf(why, sizeof why, "does not compile: %s: %.*s at %.*s (%.*s)", problem.error.message,
                     (int)problem.name.len, problem.name.data, (int)problem.at.len, problem.at.data,
                     (int)problem.detail.len, problem.detail.data);
            *p->ok += report(s, name, false, why);
        }
    }
    qtc_schema_free(schema);
    qtc_schema_problem_free(&problem);
    qtc_validator_free(v);
}

static int is_json(const struct dirent *d)
{
    size_t n = strlen(d->d_name);

    return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

static void run_folder(struct suite *s, const struct place *p)
{
    char path[1024];
    struct dirent **files;
    int n;

    snprintf(path, sizeof path, "%s/tests/%s/%s", s->directory, p->draft_folder, p->folder);
    n = scandir(path, &files, is_json, alphasort);
    for (int i = 0; i < n; i++) {
        char file[2048];
        struct qtc_arena arena = {0};
        const struct qtc_json *groups;

        snprintf(file, sizeof file, "%s/%s", path, files[i]->d_name);
        groups = read_json(&arena, file);
        for (const struct qtc_json *g = groups ? groups->first : NULL; g; g = g->next) {
            run_group(s, p, files[i]->d_name, g);
        }
        if (!groups) {
            report(s, file, false, "cannot be read");
        }
        qtc_arena_free(&arena);
        free(files[i]);
    }
    if (n >= 0) {
        free(files);
    }
}

/* ---- all ------------------------------------------------------------------------------ */

static void add(struct figures *total, const struct figures *f)
{
    total->required += f->required;
    total->required_ok += f->required_ok;
    total->optional += f->optional;
    total->optional_ok += f->optional_ok;
    total->format += f->format;
    total->format_ok += f->format_ok;
}

static void print(const char *name, const struct figures *f)
{
    printf("# %-8s required %u of %u, optional %u of %u, format %u of %u\n", name, f->required_ok,
           f->required, f->optional_ok, f->optional, f->format_ok, f->format);
}

static void run_drafts(struct suite *s, const char *only)
{
    static const char *const folders[] = {
        [QTC_DRAFT_4] = "draft4",
        [QTC_DRAFT_6] = "draft6",
        [QTC_DRAFT_7] = "draft7",
        [QTC_DRAFT_2019_09] = "draft2019-09",
        [QTC_DRAFT_2020_12] = "draft2020-12",
    };
    struct figures total = {0};

    for (unsigned d = QTC_DRAFT_4; d <= QTC_DRAFT_2020_12; d++) {
        struct figures f = {0};
        struct place required = {(enum qtc_draft)d, "", folders[d], &f.required, &f.required_ok};
        struct place optional = {(enum qtc_draft)d, "optional/", folders[d], &f.optional, &f.optional_ok};
        struct place format = {(enum qtc_draft)d, "optional/format/", folders[d], &f.format, &f.format_ok};

        if (only && strcmp(only, folders[d]) != 0) {
            continue;
        }
        run_folder(s, &required);
        run_folder(s, &optional);
        run_folder(s, &format);
        print(qtc_draft_name((enum qtc_draft)d), &f);
        add(&total, &f);
    }
    print("all", &total);
}

int main(int argc, char **argv)
{
    struct suite s = {0};
    const char *only = NULL;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--tap") == 0) {
            s.tap = true;
        } else if (strcmp(argv[i], "--differences") == 0 && i + 1 < argc) {
            read_file(argv[++i], &s.differences);
        } else if (strcmp(argv[i], "--draft") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else {
            s.directory = argv[i];
        }
    }
    if (!s.directory) {
        fprintf(stderr, "usage: schema [--tap] [--differences FILE] [--draft NAME] DIRECTORY\n");
        return 2;
    }
    run_drafts(&s, only);
    if (s.tap) {
        printf("1..%u\n", s.tests);
    }
    qtc_arena_free(&s.arena);
    qtc_buf_free(&s.differences);
    return s.failed > 0 || s.tests == 0;
}
