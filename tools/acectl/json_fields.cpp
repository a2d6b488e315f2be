// SPDX-License-Identifier: MIT
#include "json_fields.hpp"

#include <charconv>

#include "common/quoting.hpp"

namespace acefs::tool::acectl {

namespace {

[[noreturn]] void expected(const char* what, const char* name) {
  throw BadLine(std::string("expected ") + what + " in \"" + name + '"');
}

}  // namespace

const Json& optional_member(const Json& object, const char* name) {
  static const Json absent;
  if (!object.is_object()) throw BadLine(std::string("expected an object around \"") + name + '"');
  const auto found = object.find(name);
  return found == object.end() ? absent : *found;
}

const Json& member(const Json& object, const char* name) {
  const Json& value = optional_member(object, name);
  if (value.is_null()) throw BadLine(std::string("\"") + name + "\" is missing");
  return value;
}

std::string string_of(const Json& value, const char* name) {
  if (!value.is_string()) expected("a string", name);
  return value.get<std::string>();
}

std::string bytes_of(const Json& value, const char* name) {
  auto bytes = from_hex(string_of(value, name));
  if (!bytes) expected("hexadecimal digits", name);
  return *std::move(bytes);
}

std::int64_t integer_of(const Json& value, const char* name) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) expected("a 64-bit integer", name);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) expected("an integer", name);
  const std::string text = value.get<std::string>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) expected("a 64-bit integer", name);
  return number;
}

std::uint32_t id_of(const Json& value, const char* name) {
  const std::int64_t id = integer_of(value, name);
  if (id < 0 || id >= UINT32_MAX) expected("a number from 0 to 4294967294", name);
  return static_cast<std::uint32_t>(id);
}

std::string string_or(const Json& object, const char* name, const std::string& absent) {
  const Json& value = optional_member(object, name);
  return value.is_null() ? absent : string_of(value, name);
}

std::string bytes_or(const Json& object, const char* name, const std::string& absent) {
  const Json& value = optional_member(object, name);
  return value.is_null() ? absent : bytes_of(value, name);
}

std::int64_t integer_or(const Json& object, const char* name, std::int64_t absent) {
  const Json& value = optional_member(object, name);
  return value.is_null() ? absent : integer_of(value, name);
}

}  // namespace acefs::tool::acectl
