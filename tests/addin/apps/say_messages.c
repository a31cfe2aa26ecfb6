/* Runs the add-in's own words with what stands at its input: built with AddressSanitizer for the tests.

   say p ID SIZE < bytes    the line of a press with so many bytes of reference
   say t < pieces           each piece: its length (2 bytes, low first), then what the program says; 0xffff: it is gone */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"

int main(int count, char **words) {
    if (words[1][0] == 'p') {
        size_t size = strtoul(words[3], NULL, 10);
        unsigned char *reference = malloc(size); /* of that size exactly, so that one byte more is seen */
        char *line = malloc(LONGEST_PRESS);
        if (fread(reference, 1, size, stdin) != size) return 2;
        fwrite(line, 1, press_line(line, words[2], 4294967295UL, -1LL, reference, size), stdout);
        free(reference);
        free(line);
        return 0;
    }
    Answers *answers = calloc(1, sizeof *answers);
    unsigned char head[2];
    while (fread(head, 1, 2, stdin) == 2) {
        size_t size = head[0] | head[1] << 8;
        if (size == 0xffff) {
            forget(answers);
        } else {
            char *piece = malloc(size);
            if (fread(piece, 1, size, stdin) != size) return 2;
            take_in(answers, piece, size);
            free(piece);
        }
        printf("%d %d\n", answers->taken, answers->live);
    }
    free(answers);
    return count > 9;
}
