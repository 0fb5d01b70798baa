/* recording.c - the input passes through, and is kept with its times. */
#include "replay.h"
#include "tape.h"

/* One file is one response. false: the output failed. */
static bool record_file(struct qtc_replay *r, struct qtc_tape *tape, struct qtc_in *in)
{
    struct qtc_bytes bytes;
    bool failed_before = in->failed;
    bool written = true;

    in->failed = false;
    qtc_tape_begin(tape);
    while (written && qtc_in_read(in, &bytes)) {
        qtc_tape_add(tape, bytes); /* first: where the reader has gone, the next line is the last */
        written = qtc_out_now(&r->out, bytes);
    }
    qtc_tape_end(tape, in->failed || !written);
    in->failed = in->failed || failed_before;
    return written;
}

int qtc_replay_record(struct qtc_replay *r)
{
    struct qtc_tape tape;
    struct qtc_in in;
    bool done = true;

    if (!qtc_tape_open(&tape, r->command, r->file, r->files, r->file_count)) {
        return QTC_EXIT_FAILED;
    }
    qtc_in_begin(&in, r->command, NULL, r->files, r->file_count);
    in.awaited = QTC_IN_AWAITED;
    while (done && qtc_in_next(&in)) {
        done = record_file(r, &tape, &in);
    }
    qtc_in_end(&in);
    done = qtc_tape_close(&tape) && done && !in.failed;
    return qtc_out_end(&r->out) && done ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}
