/* What the add-in and the program say to each other. Nothing of Windows is in here: the tests build it for Linux with
   AddressSanitizer and give it whatever a hostile program could say. */

#ifndef MESSAGES_H
#define MESSAGES_H

#include <stddef.h>

enum {
    LONGEST_ID = 40,          /* characters of a button's name */
    LARGEST_REFERENCE = 3000, /* bytes of a reference to the application; some 70 are usual */
    LONGEST_PRESS = 2 * LARGEST_REFERENCE + 200,
    LONGEST_ANSWER = 64 /* characters of a line of the program; what is longer is passed over */
};

/* What the program has said so far. */
typedef struct {
    int taken;                   /* how many presses it has taken */
    int live;                    /* whether the toggle button is down */
    size_t length;               /* characters of the line that is not whole yet; LONGEST_ANSWER: it is too long */
    char line[LONGEST_ANSWER];
} Answers;

/* A press as one line of JSON: {"press": "check", "pid": 12, "hwnd": 34, "application": "4d45…"}, the last the bytes of
   a reference to the application, in hexadecimal. Returns its length, or 0 where something is not as it has to be. */
size_t press_line(char line[LONGEST_PRESS], const char *id, unsigned long pid, long long hwnd,
                  const unsigned char *reference, size_t size);

/* Take in what the program says, in pieces of any length. Its lines: `taken`, `live 0`, `live 1`; others are passed over. */
void take_in(Answers *answers, const char *bytes, size_t count);

/* It says nothing any more: forget what it said, and that it follows anything. */
void forget(Answers *answers);

#endif
