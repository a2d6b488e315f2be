// SPDX-License-Identifier: MIT
#include "status_text.hpp"

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <string>

#include "common/quoting.hpp"

namespace acefs::tool::acectl {

namespace {

std::string plain_text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// For a terminal: what stands there was sent by somebody else.
std::string line_of(const std::string& key, const Json& value) { return quote_name(key) + '=' + quote_name(plain_text_of(value)) + '\n'; }

std::uint64_t number_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

const Json& part_of(const Json& object, const char* name) {
  static const Json none = Json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : none;
}

constexpr const char* kRefusals[] = {"EACCES", "EPERM", "EXDEV"};

}  // namespace

void print_status(const Json& status, std::ostream& out) {
  for (const auto& [key, value] : status.items()) {
    if (!value.is_object()) out << line_of(key, value);
  }
  for (const auto& [key, value] : part_of(status, "descriptors").items()) out << line_of("descriptors_" + key, value);
  for (const auto& [key, value] : part_of(status, "options").items()) out << line_of("option " + key, value);
  const Json& operations = part_of(status, "operations");
  if (operations.empty()) return;
  char line[160];
  std::snprintf(line, sizeof line, "%-16s %10s %8s %8s %8s %8s %8s %10s %10s %10s\n", "operation", "count", "EACCES", "EPERM", "EXDEV",
                "absent", "failed", "p50 us", "p90 us", "p99 us");
  out << line;
  const auto count = [](const Json& of, const char* name) { return static_cast<unsigned long long>(number_of(of, name)); };
  const auto micro = [](const Json& of, const char* name) { return static_cast<double>(number_of(of, name)) / 1000; };
  for (const auto& [name, of] : operations.items()) {
    const Json& denied = part_of(of, "denied");
    std::snprintf(line, sizeof line, "%-16s %10llu %8llu %8llu %8llu %8llu %8llu %10.1f %10.1f %10.1f\n", quote_name(name).c_str(),
                  count(of, "count"), count(denied, "EACCES"), count(denied, "EPERM"), count(denied, "EXDEV"), count(of, "absent"), count(of, "failed"), micro(of, "p50_ns"),
                  micro(of, "p90_ns"), micro(of, "p99_ns"));
    out << line;
  }
}

namespace {

/// A label's value, quoted.
std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '\n') text += "\\n";
    else if (c == '"' || c == '\\') text += std::string{'\\', c};
    else text += c;
  }
  return text + '"';
}

/// Whether a key of what was sent can be in the name of a series or a label.
bool is_word(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

/// Writes series, each with the mount that it is of: one machine may have several.
class Series {
 public:
  Series(const Json& status, std::ostream& out) : out_(out) {
    const auto mount = status.find("mountpoint");
    if (mount != status.end()) mount_ = "mountpoint=" + quoted(plain_text_of(*mount));
  }
  void begin(const std::string& name, const char* type, const char* help) {
    out_ << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
  }
  void line(const std::string& name, const std::string& labels, const std::string& value) {
    const std::string all = mount_ + (mount_.empty() || labels.empty() ? "" : ",") + labels;
    out_ << name << (all.empty() ? "" : '{' + all + '}') << ' ' << value << '\n';
  }
  void line(const std::string& name, const std::string& labels, std::uint64_t value) { line(name, labels, std::to_string(value)); }

 private:
  std::string mount_;
  std::ostream& out_;
};

std::string label(const std::string& name, const std::string& value) { return name + '=' + quoted(value); }

std::string seconds(std::uint64_t nanoseconds) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9f", static_cast<double>(nanoseconds) / 1e9);
  return text;
}

/// The facts that are words are labels of one series, the others are series of their own.
void print_facts(const Json& status, Series& out) {
  std::string labels;
  for (const auto& [key, value] : status.items())
    if (value.is_string() && key != "status_socket" && key != "mountpoint" && is_word(key))
      labels += (labels.empty() ? "" : ",") + label(key, value.get<std::string>());
  out.begin("acefs_info", "gauge", "What is running, and how.");
  out.line("acefs_info", labels, 1);
  if (!part_of(status, "options").empty()) {
    out.begin("acefs_option", "gauge", "Options in force.");
    for (const auto& [key, value] : part_of(status, "options").items())
      out.line("acefs_option", label("name", key) + ',' + label("value", plain_text_of(value)), 1);
  }
  for (const auto& [key, value] : status.items()) {
    if (!value.is_number_unsigned() || !is_word(key)) continue;
    const bool counts = key.ends_with("_written") || key.ends_with("_lost");
    const std::string name = "acefs_" + key + (counts ? "_total" : "");
    out.begin(name, counts ? "counter" : "gauge", "As in acefs(8), STATUS.");
    out.line(name, "", value.get<std::uint64_t>());
  }
  for (const auto& [key, value] : part_of(status, "descriptors").items()) {
    if (!value.is_number_unsigned() || !is_word(key)) continue;
    out.begin("acefs_descriptors_" + key, "gauge", "File descriptors of the daemon.");
    out.line("acefs_descriptors_" + key, "", value.get<std::uint64_t>());
  }
}

void print_durations(const Json& of, const std::string& operation, Series& out) {
  for (const Json& bound : of.value("at_most_ns", Json::array())) {
    if (!bound.is_array() || bound.size() != 2 || !bound[0].is_number_unsigned() || !bound[1].is_number_unsigned()) continue;
    out.line("acefs_operation_seconds_bucket", operation + ',' + label("le", seconds(bound[0].get<std::uint64_t>())), bound[1].get<std::uint64_t>());
  }
  out.line("acefs_operation_seconds_bucket", operation + ',' + label("le", "+Inf"), number_of(of, "timed"));
  out.line("acefs_operation_seconds_sum", operation, seconds(number_of(of, "nanoseconds")));
  out.line("acefs_operation_seconds_count", operation, number_of(of, "timed"));
}

void print_operations(const Json& operations, Series& out) {
  struct Counter {
    const char* series;
    const char* key;
    const char* help;
  };
  constexpr Counter kCounters[] = {{"acefs_operations_total", "count", "Operations that were replied to."},
                                   {"acefs_absent_total", "absent", "Operations on what was not there, or was there already."},
                                   {"acefs_failures_total", "failed", "Operations that failed otherwise."}};
  for (const Counter& counter : kCounters) {
    out.begin(counter.series, "counter", counter.help);
    for (const auto& [name, of] : operations.items()) out.line(counter.series, label("operation", name), number_of(of, counter.key));
  }
  out.begin("acefs_denials_total", "counter", "Operations that were refused, by errno.");
  for (const auto& [name, of] : operations.items())
    for (const char* refusal : kRefusals)
      out.line("acefs_denials_total", label("operation", name) + ',' + label("errno", refusal), number_of(part_of(of, "denied"), refusal));
  out.begin("acefs_operation_seconds", "histogram", "How long operations took; one in four is timed.");
  for (const auto& [name, of] : operations.items()) print_durations(of, label("operation", name), out);
}

}  // namespace

void print_prometheus(const Json& status, std::ostream& out) {
  Series series(status, out);
  print_facts(status, series);
  if (const Json& operations = part_of(status, "operations"); !operations.empty()) print_operations(operations, series);
}

}  // namespace acefs::tool::acectl
