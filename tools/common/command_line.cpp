// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

namespace acefs::tool {

namespace {

constexpr int kAnyNumber = 1 << 28;

/// Says PATH... where CLI11 would say how many at most.
class PathsFormatter : public CLI::Formatter {
 public:
  std::string make_option_usage(const CLI::Option* option) const override {
    if (option->get_expected_min() == kAnyNumber) return make_option_name(option, true) + "...";
    return CLI::Formatter::make_option_usage(option);
  }
};

}  // namespace

std::optional<Exit> parse_command_line(CLI::App& app, Args args, Io& io) {
  std::reverse(args.begin(), args.end());  // CLI11 takes a vector from its end
  try {
    app.parse(std::move(args));
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    io.out << (chosen.empty() ? app.help() : chosen.front()->help(app.get_name()));
    return Exit::Ok;
  } catch (const CLI::CallForVersion& version) {
    io.out << version.what() << '\n';
    return Exit::Ok;
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    io.err << app.get_name() << ": " << message << '\n';
    return Exit::Usage;
  }
}

void add_common_options(CLI::App& app, ExitSentences exits) {
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("-v,--version", app.get_name() + " " ACEFS_VERSION, "Print the version and exit");
  std::string footer = "Exit status:\n";
  for (const auto& [code, sentence] : exits)
    footer += "  " + std::to_string(static_cast<int>(code)) + "  " + std::string(sentence) + '\n';
  app.footer(footer);
}

// CLI11 takes "[a,b]" apart where an option may have several values at once: not a file's name.
CLI::Option* add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                          const std::string& help) {
  return app.add_option(name, values, help)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

CLI::Option* add_paths(CLI::App& app, std::vector<std::string>& paths, const std::string& help) {
  app.formatter(std::make_shared<PathsFormatter>());
  // A positional without extra arguments takes as many as it must have; TakeAll is what does not mind getting fewer.
  return app.add_option("PATH", paths, help)
      ->expected(kAnyNumber)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->option_text("...");
}

}  // namespace acefs::tool
