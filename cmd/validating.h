/* validating.h - the files of qtc-validate: records through checkers, findings into a report. */
#ifndef QTC_VALIDATING_H
#define QTC_VALIDATING_H

#include "jobs.h"
#include "jq_filter.h"
#include "validate/validate.h"

struct qtc_validating {
    const char *command;
    struct qtc_checker_setup setup;
    const struct qtc_report *report;
    const char *holds; /* --assert; NULL: none */
    bool check_tools;
    bool pass;
    unsigned threads;

    struct qtc_out out;      /* records, or with neither --pass nor --fix the report */
    struct qtc_out findings; /* the report, where out has the records */
    struct qtc_out rejects;  /* fd -1: none */
    uint64_t records;
    const char *file;  /* in the report; NULL: none begun */
    bool some_written; /* of what the report separates */
    bool invalid, undecided, failed;
};

/* Reads all files of `in`. What became of them is in invalid, undecided and failed. */
void qtc_validating_run(struct qtc_validating *v, struct qtc_in *in);

#endif
