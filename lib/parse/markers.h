/* markers.h - finding one of many strings in text that comes in pieces.
 *
 * An Aho-Corasick automaton: a trie of the markers in which each node also knows
 * the longest suffix of its own string that begins another marker. So a byte is
 * looked at once, and what is held is exactly a prefix of a live marker. */
#ifndef QTC_MARKERS_H
#define QTC_MARKERS_H

#include "base/base.h"

struct qtc_marker_node {
    unsigned short child; /* first child; 0: none */
    unsigned short next;  /* next sibling; 0: none */
    unsigned short fail;  /* longest proper suffix that is a node too */
    unsigned short depth; /* bytes from the root */
    short id;             /* the marker that ends here, or -1 */
    char byte;
};

/* Starts as {0}; add all markers, then seal. Node 0 is the root. */
struct qtc_markers {
    struct qtc_marker_node *nodes;
    size_t count, cap;
    bool failed;              /* memory ended, or too many nodes */
    unsigned char first[256]; /* 1 where a marker begins with this byte */
};

/* A marker that is a prefix of another wins as soon as it ends. Adding a
 * marker twice keeps the first id. */
void qtc_markers_add(struct qtc_markers *m, const char *marker, int id);
void qtc_markers_seal(struct qtc_markers *m);
void qtc_markers_free(struct qtc_markers *m);

/* The child of a node by a byte; 0: none. */
static inline unsigned qtc_markers_child(const struct qtc_markers *m, unsigned node, char c)
{
    unsigned child = m->nodes[node].child;
    while (child != 0 && m->nodes[child].byte != c) {
        child = m->nodes[child].next;
    }
    return child;
}

/* The node after one more byte: as deep as possible, 0 when nothing fits. */
static inline unsigned qtc_markers_step(const struct qtc_markers *m, unsigned node, char c)
{
    unsigned child = qtc_markers_child(m, node, c);
    while (child == 0 && node != 0) {
        node = m->nodes[node].fail;
        child = qtc_markers_child(m, node, c);
    }
    return child;
}

#endif
