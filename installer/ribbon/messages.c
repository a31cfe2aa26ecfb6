#include "messages.h"

#include <stdio.h>
#include <string.h>

size_t press_line(char line[LONGEST_PRESS], const char *id, unsigned long pid, long long hwnd,
                  const unsigned char *reference, size_t size) {
    static const char DIGITS[] = "0123456789abcdef";
    size_t length = strnlen(id, LONGEST_ID + 1);
    if (!length || length > LONGEST_ID || strspn(id, "abcdefghijklmnopqrstuvwxyz_") != length) return 0;
    if (size > LARGEST_REFERENCE) return 0;
    int head = snprintf(line, LONGEST_PRESS, "{\"press\": \"%s\", \"pid\": %lu, \"hwnd\": %lld, \"application\": \"", id, pid, hwnd);
    char *at = line + head;
    for (size_t n = 0; n < size; n++) {
        *at++ = DIGITS[reference[n] >> 4];
        *at++ = DIGITS[reference[n] & 15];
    }
    memcpy(at, "\"}\n", 4);
    return (size_t)(at - line) + 3;
}

static void understand(Answers *answers) {
    answers->line[answers->length] = 0;
    if (!strcmp(answers->line, "taken")) answers->taken++;
    else if (!strcmp(answers->line, "live 0")) answers->live = 0;
    else if (!strcmp(answers->line, "live 1")) answers->live = 1;
}

void take_in(Answers *answers, const char *bytes, size_t count) {
    for (size_t n = 0; n < count; n++) {
        if (bytes[n] == '\n') {
            if (answers->length < LONGEST_ANSWER) understand(answers);
            answers->length = 0;
        } else if (answers->length < LONGEST_ANSWER - 1) {
            answers->line[answers->length++] = bytes[n];
        } else {
            answers->length = LONGEST_ANSWER;
        }
    }
}

void forget(Answers *answers) { memset(answers, 0, sizeof *answers); }
