/* gen-completion COMMAND - prints the command's bash completion, from its option table. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const char head[] = "# bash completion for %s; made from the option table by `make completions`\n\n"
                           "_%s()\n"
                           "{\n"
                           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} value=\n"
                           "    local names\n\n"
                           "    # --option=value comes as three words: --option = value\n"
                           "    if [[ $cur == \"=\" ]]; then\n"
                           "        cur=\n"
                           "        value=$prev\n"
                           "    elif [[ $prev == \"=\" ]]; then\n"
                           "        value=${COMP_WORDS[COMP_CWORD-2]}\n"
                           "    else\n"
                           "        value=$prev\n"
                           "    fi\n\n"
                           "    case $value in\n";

static const char tail[] = "    if [[ $cur == -* ]]; then\n"
                           "        mapfile -t COMPREPLY < <(compgen -W \"$names\" -- \"$cur\")\n"
                           "    else\n"
                           "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                           "    fi\n"
                           "}\n\n";

/* `    -o | --output)` */
static void print_case(const struct qtc_cli_option *option)
{
    if (option->id < QTC_CLI_LONG_ONLY) {
        printf("    -%c | --%s)\n", option->id, option->name);
    } else {
        printf("    --%s)\n", option->name);
    }
}

static void print_values(const struct qtc_cli_option *option)
{
    const char *name;

    if (qtc_cli_choice(option, 0)) {
        printf("        mapfile -t COMPREPLY < <(compgen -W \"");
        for (size_t i = 0; (name = qtc_cli_choice(option, i)); i++) {
            printf("%s%s", i > 0 ? " " : "", name);
        }
        printf("\" -- \"$cur\")\n");
    } else if (strcmp(option->arg, "FORMAT") == 0) {
        printf("        names=$(qtc-parse --list-formats 2>/dev/null | sed 's/[[:space:]].*//')\n"
               "        mapfile -t COMPREPLY < <(compgen -f -W \"%s$names\" -- \"$cur\")\n",
               option->id == 'f' ? "auto " : "");
    } else if (strcmp(option->arg, "FILE") == 0) {
        printf("        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
    } else {
        printf("        COMPREPLY=()\n");
    }
}

/* `    names="--format --tools ..."` */
static void print_names(const struct qtc_cli_command *command)
{
    const struct qtc_cli_option *option;
    const char *separator = "";

    printf("    esac\n\n    names=\"");
    for (size_t i = 0; (option = qtc_cli_option_at(command, i)); i++) {
        if (option->help) {
            printf("%s--%s", separator, option->name);
            separator = " ";
        }
    }
    printf("\"\n");
}

static void print_completion(const struct qtc_cli_command *command)
{
    char function[64];

    snprintf(function, sizeof function, "%s", command->name);
    for (char *p = function; *p; p++) {
        *p = *p == '-' ? '_' : *p;
    }
    printf(head, command->name, function);
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].arg) {
            print_case(&command->options[i]);
            print_values(&command->options[i]);
            printf("        return\n        ;;\n");
        }
    }
    print_names(command);
    fputs(tail, stdout);
    printf("complete -o filenames -F _%s %s\n", function, command->name);
}

int main(int argc, char **argv)
{
    size_t count;
    const struct qtc_cli_command *const *commands = qtc_commands(&count);

    for (size_t i = 0; argc == 2 && i < count; i++) {
        if (strcmp(commands[i]->name, argv[1]) == 0) {
            print_completion(commands[i]);
            return fflush(stdout) == 0 ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
        }
    }
    fputs("usage: gen-completion COMMAND\n", stderr);
    return QTC_EXIT_FAILED;
}
