// SPDX-License-Identifier: MIT
#include <algorithm>
#include <ostream>

#include "acefs/principal/config_edit.hpp"
#include "acefs/principal/config_file.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "sections.hpp"

namespace acefs::tool::acectl {

namespace {

using principal::KeyEdit;
using principal::SectionEdit;

const std::vector<std::string>& given(const std::map<std::string, std::vector<std::string>>& options, std::string_view key) {
  static const std::vector<std::string> none;
  const auto found = options.find(std::string(key));
  return found == options.end() ? none : found->second;
}

/// What the options say of one key; nothing: they do not speak of it.
Parsed<std::optional<KeyEdit>> edit_of(const Field& field, const SectionOptions& o, acl::TimePoint now) {
  KeyEdit edit{.key = std::string(field.key), .value = {}, .remove = false, .add = given(o.add, field.key), .drop = given(o.drop, field.key)};
  const auto& values = given(o.values, field.key);
  const bool list = field.type == FieldType::List;
  std::string text;
  for (const std::string& typed : values) {
    auto value = toml_value(field, typed, now);
    if (!value) return value.error();
    text = list && !text.empty() ? text + ", " + *value : *value;
  }
  edit.remove = std::find(o.unset.begin(), o.unset.end(), field.key) != o.unset.end();
  if (!values.empty() && text.empty()) edit.remove = true;
  else if (!values.empty()) edit.value = list ? '[' + text + ']' : text;
  const bool touched = edit.remove || edit.value || !edit.add.empty() || !edit.drop.empty();
  return touched ? std::optional(std::move(edit)) : std::nullopt;
}

Parsed<SectionEdit> read_edit(const SectionKind& kind, const std::string& verb, const SectionOptions& o, acl::TimePoint now) {
  SectionEdit edit{.what = verb == "add" ? SectionEdit::What::Add : verb == "del" ? SectionEdit::What::Remove : SectionEdit::What::Change,
                   .kind = std::string(kind.name), .name = o.name, .keys = {}};
  for (const std::string& key : o.unset) {
    const bool known = std::any_of(kind.fields.begin(), kind.fields.end(), [&](const Field& field) { return field.key == key; });
    if (!known) return ParseError{.message = "--unset " + quote_name(key) + ": a " + edit.kind + " has no such key"};
  }
  for (const Field& field : kind.fields) {
    auto key = edit_of(field, o, now);
    if (!key) return key.error();
    if (*key) edit.keys.push_back(**std::move(key));
  }
  if (verb == "set" && edit.keys.empty()) return ParseError{.message = "set: say what to change"};
  return edit;
}

/// What the file would say and nobody would heed.
std::string vain(const SectionEdit& edit) {
  if (edit.kind != "user" || (edit.name != "root" && edit.name != "0")) return {};
  for (const KeyEdit& key : edit.keys)
    if ((key.key == "enabled" && key.value == "false") || (key.key == "expires" && key.value)) return "root is always enabled";
  return {};
}

/// What shows only once NSS has said which account is which: two tokens on one account, by its name and by its number.
std::string new_conflict(const principal::Config& before, const principal::Config& now) {
  const auto problems = [](const principal::Config& config) { return Settings::of(config).resolver().problems(); };
  const std::vector<std::string> had = problems(before);
  for (const std::string& problem : problems(now))
    if (std::find(had.begin(), had.end(), problem) == had.end()) return problem;
  return {};
}

void tell(const SectionEdit& edit, const std::string& verb, bool changed, bool json, Io& io) {
  const std::string done = !changed ? "unchanged" : verb == "add" ? "added" : verb == "del" ? "removed" : "changed";
  if (json) io.out << one_line({{"kind", edit.kind}, {"name", edit.name}, {"result", done}}) << '\n';
  else io.out << done << ' ' << edit.kind << ' ' << quote_name(edit.name) << '\n';
}

}  // namespace

Exit change_section(const SectionKind& kind, const std::string& verb, const SectionOptions& o, Io& io) {
  Complaints complaints(io, "acectl");
  const auto edit = read_edit(kind, verb, o, io.now());
  if (!edit) {
    complaints.error("", edit.error().message);
    return Exit::Usage;
  }
  if (const std::string message = vain(*edit); !message.empty()) {
    complaints.error("", message);
    return Exit::Failed;
  }
  const std::string file = o.config.empty() ? kDefaultConfig : o.config;
  principal::Config now;
  const auto changed = principal::change_config(file, [&](const std::string& text, const principal::Config& before) -> Parsed<std::string> {
    auto after = principal::edit_config(text, *edit);
    if (!after) return after;
    auto config = principal::Config::parse(*after);
    if (!config) return config.error();
    if (std::string conflict = kind.name == "token" ? new_conflict(before, *config) : ""; !conflict.empty()) return ParseError{.message = conflict};
    now = *std::move(config);
    return after;
  });
  if (!changed) {
    complaints.error("", changed.error());
    return Exit::Failed;
  }
  for (const principal::ConfigProblem& problem : now.problems) complaints.note(file + ':' + std::to_string(problem.line), problem.message);
  tell(*edit, verb, *changed, o.json, io);
  return Exit::Ok;
}

}  // namespace acefs::tool::acectl
