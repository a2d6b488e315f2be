// SPDX-License-Identifier: MIT
// Completion for shells, made from the command line itself, so that it knows whatever there is.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "command.hpp"

namespace acefs::tool::acectl {

namespace {

struct Words {
  std::string command;              ///< "", "explain", "role list"
  std::vector<std::string> all;     ///< options and subcommands
  std::vector<std::string> valued;  ///< options that a value follows
  bool takes_files = false;         ///< no further command
};

void collect(const CLI::App& app, const std::string& command, std::vector<Words>& found) {
  Words words{command, {}, {}, false};
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words.all.push_back("--" + name);
      if (option->get_items_expected_max() > 0) words.valued.push_back("--" + name);
    }
  }
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : below) words.all.push_back(sub->get_name());
  words.takes_files = below.empty();
  found.push_back(std::move(words));
  for (const CLI::App* sub : below) collect(*sub, command.empty() ? sub->get_name() : command + ' ' + sub->get_name(), found);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// A case of shell: what can follow each command.
void print_cases(const std::vector<Words>& all, std::ostream& out) {
  out << "  case $command in\n";
  for (const Words& words : all) {
    out << "    '" << words.command << "') words='" << joined(words.all) << "' valued=' " << joined(words.valued) << " ' files=" << (words.takes_files ? "yes" : "") << " ;;\n";
  }
  out << "    *) words= valued= files= ;;\n  esac\n";
}

/// Which words are commands, so that the arguments between them are passed over.
std::string names_of_commands(const std::vector<Words>& all) {
  std::string text;
  for (const Words& words : all)
    if (!words.command.empty()) text += (text.empty() ? "" : "|") + ("'" + words.command + "'");
  return text;
}

void print_bash(const std::vector<Words>& all, std::ostream& out) {
  out << "# bash completion for acectl, made by: acectl completion bash\n"
         "_acectl() {\n"
         "  local command= word next words valued files current=${COMP_WORDS[COMP_CWORD]} before=\n"
         "  [ \"$COMP_CWORD\" -gt 0 ] && before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    next=${command:+$command }$word\n"
         "    case $next in\n"
         "      "
      << names_of_commands(all)
      << ") command=$next ;;\n"
         "    esac\n"
         "  done\n";
  print_cases(all, out);
  out << "  if [[ $current != -* && ( $valued == *\" $before \"* || -n $files ) ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    return\n"
         "  fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -F _acectl acectl\n";
}

void print_zsh(const std::vector<Words>& all, std::ostream& out) {
  out << "#compdef acectl\n"
         "# zsh completion for acectl, made by: acectl completion zsh\n"
         "_acectl() {\n"
         "  local command= word next words_ valued current=$words[CURRENT]\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "    next=${command:+$command }$word\n"
         "    case $next in\n"
         "      "
      << names_of_commands(all)
      << ") command=$next ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command in\n";
  for (const Words& words : all) out << "    '" << words.command << "') words_='" << joined(words.all) << "' ;;\n";
  out << "    *) words_= ;;\n"
         "  esac\n"
         "  compadd -- ${=words_}\n"
         "  [[ $current == -* ]] || _files\n"
         "}\n"
         "_acectl \"$@\"\n";
}

}  // namespace

Command add_completion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print completion for a shell");
  command->add_option("SHELL", *shell, "bash or zsh")->check(CLI::IsMember({"bash", "zsh"}))->required();
  return {command, [shell, &app](Io& io) {
            std::vector<Words> all;
            collect(app, "", all);
            if (*shell == "bash") print_bash(all, io.out);
            else print_zsh(all, io.out);
            return Exit::Ok;
          }};
}

}  // namespace acefs::tool::acectl
