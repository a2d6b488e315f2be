// SPDX-License-Identifier: MIT
#include "nfs4/xdr.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace acefs::nfs4 {
namespace {

constexpr std::uint32_t kAllFlags = 0xff;
/// RFC 8881, 6.4.3.2, and what TrueNAS adds to say that an ACL is trivial or a directory's.
constexpr std::uint32_t kAclFlags = 0x7;
constexpr std::uint32_t kAclFlagsOfNumbers = kAclFlags | 0x30000;
constexpr std::uint32_t kAutoInherit = 0x1;
constexpr std::uint32_t kProtected = 0x2;
constexpr std::uint32_t kSpecialId = 1;  ///< the iflag bit of TrueNAS
constexpr std::array kSpecialIds = {kOwnerAt, kGroupAt, kEveryoneAt};  ///< ids 1, 2, 3

Refusal invalid(std::string reason) { return {EINVAL, std::move(reason)}; }
Refusal invalid(std::size_t position, std::string_view what) {
  return invalid("ACE " + std::to_string(position) + ": " + std::string(what));
}
Refusal too_big() { return {E2BIG, "an ACL has at most 64 KiB"}; }

/// Takes words and padded texts off the front.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  std::optional<std::uint32_t> word() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (char byte : rest_.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
    rest_.remove_prefix(4);
    return value;
  }
  /// The next `size` bytes, and in `padding` those up to a multiple of four.
  std::optional<std::string_view> text(std::size_t size, std::string_view& padding) {
    if (size > rest_.size()) return std::nullopt;
    const std::size_t padded = (size + 3) / 4 * 4;
    if (padded > rest_.size()) return std::nullopt;
    const std::string_view value = rest_.substr(0, size);
    padding = rest_.substr(size, padded - size);
    rest_.remove_prefix(padded);
    return value;
  }

 private:
  std::string_view rest_;
};

void put(std::string& bytes, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xffu);
}

const char* unknown_in(Form form, std::uint32_t type, std::uint32_t flags, std::uint32_t mask) {
  const bool counts_accesses = type == static_cast<std::uint32_t>(Type::Audit) || type == static_cast<std::uint32_t>(Type::Alarm);
  if (type > static_cast<std::uint32_t>(Type::Alarm)) return "unknown type";
  if (form == Form::Dacl && counts_accesses) return "audit and alarm do not belong into a DACL";
  if ((flags & ~kAllFlags) != 0) return "reserved flag";
  if ((mask & ~kAllOfDirectory) != 0) return "reserved permission";
  return nullptr;
}

Ace ace_of(Form form, std::uint32_t type, std::uint32_t flags, std::uint32_t mask, std::string who) {
  std::uint32_t kept = form == Form::Dacl ? flags : flags & ~kInherited;
  if (is_special(who)) kept &= ~kGroup;
  return {static_cast<Type>(type), kept, mask, std::move(who)};
}

/// type, flags, mask, length, who
Outcome<Ace> read_named(Reader& reader, Form form, std::size_t position) {
  const auto type = reader.word(), flags = reader.word(), mask = reader.word(), size = reader.word();
  if (!type || !flags || !mask || !size) return invalid(position, "cut short");
  if (const char* what = unknown_in(form, *type, *flags, *mask)) return invalid(position, what);
  std::string_view padding;
  const auto who = reader.text(*size, padding);
  if (!who) return invalid(position, "cut short");
  if (padding.find_first_not_of('\0') != std::string_view::npos) return invalid(position, "padding that is not zero");
  if (who->empty()) return invalid(position, "empty who");
  if (who->find('\0') != std::string_view::npos) return invalid(position, "NUL byte in who");
  return ace_of(form, *type, *flags, *mask, std::string(*who));
}

/// type, flags, iflag, mask, id
Outcome<Ace> read_numbered(Reader& reader, Form form, std::size_t position) {
  const auto type = reader.word(), flags = reader.word(), iflag = reader.word(), mask = reader.word(), id = reader.word();
  if (!type || !flags || !iflag || !mask || !id) return invalid(position, "cut short");
  if (const char* what = unknown_in(form, *type, *flags, *mask)) return invalid(position, what);
  if (*iflag == 0) return ace_of(form, *type, *flags, *mask, std::to_string(*id));
  if (*iflag != kSpecialId || *id == 0 || *id > kSpecialIds.size()) return invalid(position, "unknown special who");
  return ace_of(form, *type, *flags, *mask, std::string(kSpecialIds[*id - 1]));
}

std::optional<Refusal> read_acl_flags(Reader& reader, std::uint32_t known) {
  const auto flags = reader.word();
  if (!flags) return invalid("cut short before the ACL's flags");
  if ((*flags & ~known) != 0) return invalid("reserved flag of the ACL");
  if ((*flags & kProtected) != 0) return Refusal{EOPNOTSUPP, "an ACL cannot be protected from what directories above give"};
  return std::nullopt;
}

std::optional<std::uint32_t> number_of(std::string_view who) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(who.data(), who.data() + who.size(), id);
  if (error != std::errc{} || end != who.data() + who.size()) return std::nullopt;
  return id;
}

std::uint32_t flags_on_wire(const Ace& ace) { return ace.who == kGroupAt ? ace.flags | kGroup : ace.flags; }

void write_named(std::string& bytes, const Ace& ace) {
  put(bytes, static_cast<std::uint32_t>(ace.type));
  put(bytes, flags_on_wire(ace));
  put(bytes, ace.mask);
  put(bytes, static_cast<std::uint32_t>(ace.who.size()));
  bytes += ace.who;
  bytes.append((4 - ace.who.size() % 4) % 4, '\0');
}

bool write_numbered(std::string& bytes, const Ace& ace) {
  std::uint32_t iflag = 0;
  std::optional<std::uint32_t> id = number_of(ace.who);
  for (std::size_t i = 0; i < kSpecialIds.size(); ++i) {
    if (ace.who != kSpecialIds[i]) continue;
    iflag = kSpecialId;
    id = static_cast<std::uint32_t>(i + 1);
  }
  if (!id) return false;
  put(bytes, static_cast<std::uint32_t>(ace.type));
  put(bytes, flags_on_wire(ace));
  put(bytes, iflag);
  put(bytes, ace.mask);
  put(bytes, *id);
  return true;
}

bool inherits(const AceList& acl) {
  return std::any_of(acl.begin(), acl.end(), [](const Ace& ace) { return (ace.flags & (kInheritFlags | kInherited)) != 0; });
}

}  // namespace

Outcome<AceList> decode(Form form, std::string_view bytes) {
  if (bytes.size() > kMaxBytes) return too_big();
  if (form == Form::Numbers && bytes.empty()) return AceList{};
  Reader reader(bytes);
  if (form != Form::Acl) {
    if (auto refusal = read_acl_flags(reader, form == Form::Dacl ? kAclFlags : kAclFlagsOfNumbers)) return *refusal;
  }
  const auto count = reader.word();
  if (!count) return invalid("cut short before the number of ACEs");
  if (form == Form::Numbers && *count == 0) return invalid("no ACE");
  AceList acl;
  for (std::size_t position = 1; position <= *count; ++position) {
    auto ace = form == Form::Numbers ? read_numbered(reader, form, position) : read_named(reader, form, position);
    if (!ace) return ace.error();
    acl.push_back(*std::move(ace));
  }
  if (!reader.at_end()) return invalid("bytes after ACE " + std::to_string(*count));
  return acl;
}

Outcome<std::string> encode(Form form, const AceList& acl) {
  std::string bytes;
  if (form != Form::Acl) put(bytes, form == Form::Dacl && inherits(acl) ? kAutoInherit : 0);
  put(bytes, static_cast<std::uint32_t>(acl.size()));
  for (std::size_t i = 0; i < acl.size(); ++i) {
    const Ace& ace = acl[i];
    if (ace.who.empty() || ace.who.find('\0') != std::string::npos) return invalid(i + 1, "who is empty or has a NUL byte");
    if (form != Form::Numbers) {
      write_named(bytes, ace);
    } else if (!write_numbered(bytes, ace)) {
      return Refusal{EOPNOTSUPP, "ACE " + std::to_string(i + 1) + ": '" + ace.who + "' has no number"};
    }
    if (bytes.size() > kMaxBytes) return too_big();
  }
  return bytes;
}

}  // namespace acefs::nfs4
