// SPDX-License-Identifier: MIT
#include "acefs/principal/config_edit.hpp"

#include "toml_library.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

#include "toml_list.hpp"
#include "toml_source.hpp"

namespace acefs::principal {

namespace {

/// Why an edit cannot be made; becomes the sentence that is returned.
struct CannotEdit : std::runtime_error {
  using runtime_error::runtime_error;
};

std::string section_title(const SectionEdit& edit) { return edit.kind + " '" + edit.name + "'"; }

/// A key as it must be written.
std::string key_text(std::string_view key) {
  constexpr std::string_view kBare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const bool bare = !key.empty() && key.find_first_not_of(kBare) == std::string_view::npos;
  return bare ? std::string(key) : toml_string(key);
}

/// What an element of a list says, whether it is a string or a number.
std::string element_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  return {};
}

std::string list_text(const std::vector<std::string>& elements) {
  std::string text;
  for (const std::string& element : elements) text += (text.empty() ? "" : ", ") + toml_string(element);
  return '[' + text + ']';
}

/// A key of a section and its value, as they stand in the text.
struct Item {
  std::string name;
  Span key;
  Span value;
  const toml::node* node = nullptr;
};

/// A text of TOML that is changed piece by piece, and read again after each change.
class Text {
 public:
  explicit Text(std::string text) : text_(std::move(text)) { read(); }

  const std::string& text() const { return text_; }
  const toml::table& tables() const { return tables_; }

  /// Once its last key went, a section that is written by keys with dots in them is not there any more.
  const toml::table& of(const SectionEdit& edit) const {
    const toml::table* there = section(edit);
    if (there == nullptr) throw CannotEdit(section_title(edit) + " would have no key left: remove it, or edit it by hand");
    return *there;
  }

  const toml::table* section(const SectionEdit& edit) const {
    const auto* kind = tables_.get_as<toml::table>(edit.kind);
    return kind == nullptr ? nullptr : kind->get_as<toml::table>(edit.name);
  }

  void add_section(const SectionEdit& edit) {
    std::string added;
    if (!text_.empty() && !text_.ends_with('\n')) added += eol();
    if (!text_.empty()) added += eol();
    added += '[' + edit.kind + '.' + key_text(edit.name) + ']' + eol();
    replace({text_.size(), text_.size()}, added);
  }

  void set(const toml::table& section, const std::string& key, const std::string& value) {
    if (const auto item = find(section, key)) return replace(item->value, value);
    const std::string pair = key_text(key) + " = " + value;
    const auto items = items_of(section);
    if (section.is_inline()) {
      if (items.empty()) return replace(span_of(section.source()), "{ " + pair + " }");
      return replace({items.back().value.end, items.back().value.end}, ", " + pair);
    }
    // As the key before it is written: indented, or with the section's name and a dot in front.
    std::size_t after = span_of(section.source()).begin;
    std::string front;
    if (!items.empty()) {
      const std::size_t line = line_begin(items.back().key.begin);
      front = text_.substr(line, items.back().key.begin - line);
      after = items.back().value.end;
    }
    const std::size_t at = line_end(after);
    const bool ends_line = at > 0 && text_[at - 1] == '\n';
    replace({at, at}, (ends_line ? "" : eol()) + front + pair + eol());
  }

  void remove(const toml::table& section, const std::string& key) {
    const auto items = items_of(section);
    const auto item = std::find_if(items.begin(), items.end(), [&](const Item& each) { return each.name == key; });
    if (item == items.end()) return;
    if (!section.is_inline()) return replace({line_begin(item->key.begin), line_end(item->value.end)}, "");
    if (items.size() == 1) return replace(span_of(section.source()), "{}");
    if (item == items.begin()) return replace({item->key.begin, (item + 1)->key.begin}, "");
    replace({(item - 1)->value.end, item->value.end}, "");
  }

  void remove_section(const SectionEdit& edit) {
    const toml::table& section = *this->section(edit);
    const auto* kind = tables_.get_as<toml::table>(edit.kind);
    if (section.is_inline()) return remove(*kind, edit.name);
    const Span header = span_of(section.source());
    const auto items = items_of(section);
    if (header.begin >= text_.size() || text_[header.begin] != '[') {  // by keys with dots in them
      for (auto item = items.rbegin(); item != items.rend(); ++item) splice({line_begin(item->key.begin), line_end(item->value.end)}, "");
      return read();
    }
    Span all{line_begin(header.begin), line_end(items.empty() ? header.begin : items.back().value.end)};
    // One of the empty lines that kept it apart goes with it.
    const bool space_before = all.begin >= 2 && text_[all.begin - 1] == '\n' && text_[all.begin - 2] == '\n';
    if (space_before && (all.end == text_.size() || text_[all.end] == '\n')) --all.begin;
    replace(all, "");
  }

  void add_element(const toml::table& section, const std::string& key, const std::string& element) {
    const auto item = find(section, key);
    if (!item) return set(section, key, list_text({element}));
    const toml::array& list = list_of(*item);
    const auto same = [&](const toml::node& each) { return element_text(each) == element; };
    if (std::any_of(list.begin(), list.end(), same)) return;
    if (list.empty()) return replace(item->value, list_text({element}));
    const std::size_t end = span_of(list.back().source()).end;
    replace({end, end}, ", " + toml_string(element));
  }

  /// The last one that is so; false: there is none.
  bool drop_element(const toml::table& section, const std::string& key, const std::string& element) {
    const auto item = find(section, key);
    if (!item) return false;
    const toml::array& list = list_of(*item);
    for (std::size_t i = list.size(); i-- > 0;) {
      if (element_text(list[i]) != element) continue;
      const std::size_t begin = i > 0 ? span_of(list[i - 1].source()).end : item->value.begin;
      Span all = item->value;
      if (i + 1 < list.size()) all.end = span_of(list[i + 1].source()).begin;
      cut_element(text_, span_of(list[i].source()), all, begin);
      read();
      return true;
    }
    return false;
  }

 private:
  void read() { tables_ = toml::parse(text_); }

  void splice(Span span, std::string_view by) { text_.replace(span.begin, span.end - span.begin, by); }
  void replace(Span span, std::string_view by) {
    splice(span, by);
    read();
  }

  Span span_of(const toml::source_region& region) const { return {offset_of(text_, region.begin), offset_of(text_, region.end)}; }
  std::string eol() const { return text_.find("\r\n") == std::string::npos ? "\n" : "\r\n"; }
  std::size_t line_begin(std::size_t at) const {
    const std::size_t before = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
    return before == std::string::npos ? 0 : before + 1;
  }
  /// Behind the newline.
  std::size_t line_end(std::size_t at) const {
    const std::size_t end = text_.find('\n', at);
    return end == std::string::npos ? text_.size() : end + 1;
  }

  /// In the order in which they stand.
  std::vector<Item> items_of(const toml::table& section) const {
    std::vector<Item> items;
    for (const auto& [key, node] : section) items.push_back({std::string(key.str()), span_of(key.source()), span_of(node.source()), &node});
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.key.begin < b.key.begin; });
    return items;
  }

  std::optional<Item> find(const toml::table& section, const std::string& key) const {
    for (const Item& item : items_of(section))
      if (item.name == key) return item;
    return std::nullopt;
  }

  static const toml::array& list_of(const Item& item) {
    const auto* list = item.node->as_array();
    if (list == nullptr) throw CannotEdit(item.name + " is not a list");
    return *list;
  }

  std::string text_;
  toml::table tables_;
};

/// The same edit on what the text means, to compare with.
class Meaning {
 public:
  explicit Meaning(const toml::table& tables) : tables_(tables) {}
  const toml::table& tables() const { return tables_; }

  void apply(const SectionEdit& edit) {
    if (edit.what == SectionEdit::What::Remove) {
      tables_.get_as<toml::table>(edit.kind)->erase(edit.name);
      return;
    }
    auto* kind = tables_.insert(edit.kind, toml::table{}).first->second.as_table();
    auto* section = kind == nullptr ? nullptr : kind->insert(edit.name, toml::table{}).first->second.as_table();
    if (section == nullptr) throw CannotEdit(section_title(edit) + " is no section");
    for (const KeyEdit& key : edit.keys) apply(*section, key);
  }

 private:
  static void apply(toml::table& section, const KeyEdit& edit) {
    if (edit.remove) section.erase(edit.key);
    if (edit.value) section.insert_or_assign(edit.key, *toml::parse("value = " + *edit.value).get("value"));
    if (edit.add.empty() && edit.drop.empty()) return;
    toml::array list;
    if (const auto* before = section.get_as<toml::array>(edit.key)) list = *before;
    const auto position = [&list](const std::string& text) {
      return std::find_if(list.cbegin(), list.cend(), [&](const toml::node& each) { return element_text(each) == text; });
    };
    for (const std::string& text : edit.drop)
      for (auto at = position(text); at != list.cend(); at = position(text)) list.erase(at);
    for (const std::string& text : edit.add)
      if (position(text) == list.cend()) list.push_back(text);
    section.insert_or_assign(edit.key, std::move(list));
  }

  toml::table tables_;
};

/// Each step finds the section anew: the text was read again.
void apply(Text& text, const SectionEdit& edit, const KeyEdit& key) {
  if (key.remove && !key.add.empty()) text.set(text.of(edit), key.key, "[]");
  if (key.value) text.set(text.of(edit), key.key, *key.value);
  for (const std::string& element : key.drop) {
    if (!text.drop_element(text.of(edit), key.key, element)) throw CannotEdit("'" + element + "' is not in " + key.key);
    while (text.drop_element(text.of(edit), key.key, element)) continue;
  }
  for (const std::string& element : key.add) text.add_element(text.of(edit), key.key, element);
}

/// Keys go last, so that the section does not go with them while others come.
void apply(Text& text, const SectionEdit& edit) {
  for (const KeyEdit& key : edit.keys) apply(text, edit, key);
  for (const KeyEdit& key : edit.keys)
    if (key.remove && !key.value && key.add.empty()) text.remove(text.of(edit), key.key);
}

/// A sub-section left behind would keep a removed section alive.
void drop_if_empty(toml::table& tables, const std::string& kind) {
  const auto* table = tables.get_as<toml::table>(kind);
  if (table != nullptr && table->empty()) tables.erase(kind);
}

std::string edited(std::string_view before, const SectionEdit& edit) {
  Text text{std::string(before)};
  const bool there = text.section(edit) != nullptr;
  if (edit.what == SectionEdit::What::Add && there) throw CannotEdit(section_title(edit) + " is there already");
  if (edit.what != SectionEdit::What::Add && !there) throw CannotEdit("there is no " + section_title(edit));
  Meaning wanted(text.tables());
  if (edit.what == SectionEdit::What::Add) text.add_section(edit);
  if (edit.what == SectionEdit::What::Remove) text.remove_section(edit);
  else apply(text, edit);
  wanted.apply(edit);
  toml::table is = text.tables();
  toml::table should_be = wanted.tables();
  drop_if_empty(is, edit.kind);
  drop_if_empty(should_be, edit.kind);
  if (is != should_be) throw CannotEdit(section_title(edit) + " is written in a way that must be edited by hand");
  return text.text();
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      quoted += escape.data();
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

Parsed<std::string> edit_config(std::string_view text, const SectionEdit& edit) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";  // of UTF-8; toml++ does not count it
  const bool marked = text.starts_with(kMark);
  try {
    return std::string(marked ? kMark : "") + edited(marked ? text.substr(kMark.size()) : text, edit);
  } catch (const CannotEdit& e) {
    return ParseError{.message = e.what()};
  } catch (const Unforeseen& e) {
    return ParseError{.message = section_title(edit) + " cannot be edited so: " + e.what()};
  } catch (const toml::parse_error& e) {
    return ParseError{.message = section_title(edit) + " cannot be edited so: " + std::string(e.description())};
  }
}

}  // namespace acefs::principal
