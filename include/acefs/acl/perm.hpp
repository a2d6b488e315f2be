// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace acefs::acl {

/// One permission letter. The enumerator's value is its bit in an AccessMask; the order is the order in which
/// acefs prints letters ("rwaxdDtTnNcCoOyuUPvVq").
enum class Perm : std::uint32_t {
  ReadData = 1u << 0,         ///< r: read a file, list a directory
  WriteData = 1u << 1,        ///< w: write a file, create a file in a directory
  AppendData = 1u << 2,       ///< a: append to a file, create a subdirectory
  Execute = 1u << 3,          ///< x: execute a file, traverse a directory
  Delete = 1u << 4,           ///< d: delete the node itself
  DeleteChild = 1u << 5,      ///< D: delete a child of the directory
  ReadAttributes = 1u << 6,   ///< t
  WriteAttributes = 1u << 7,  ///< T
  ReadNamed = 1u << 8,        ///< n: read `user.*` attributes
  WriteNamed = 1u << 9,       ///< N: write `user.*` attributes
  ReadAcl = 1u << 10,         ///< c
  AddAce = 1u << 11,          ///< C
  ChangeAce = 1u << 12,       ///< o: change or remove an ACE
  WriteDeny = 1u << 13,       ///< O
  Synchronize = 1u << 14,     ///< y: stored, never checked
  ListTrash = 1u << 15,       ///< u
  RestoreTrash = 1u << 16,    ///< U
  PurgeTrash = 1u << 17,      ///< P
  ListVersions = 1u << 18,    ///< v
  RestoreVersion = 1u << 19,  ///< V
  ReadQuota = 1u << 20,       ///< q
};

inline constexpr int kPermCount = 21;

/// A set of permission letters.
class AccessMask {
 public:
  constexpr AccessMask() = default;
  constexpr AccessMask(Perm p) : bits_(static_cast<std::uint32_t>(p)) {}  // NOLINT: a letter is a set of one
  static constexpr AccessMask from_bits(std::uint32_t bits) {
    return raw(bits & kAllBits);
  }
  static constexpr AccessMask all() { return from_bits(kAllBits); }

  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(Perm p) const { return (bits_ & static_cast<std::uint32_t>(p)) != 0; }
  constexpr bool contains(AccessMask other) const { return (other.bits_ & ~bits_) == 0; }
  constexpr bool intersects(AccessMask other) const { return (bits_ & other.bits_) != 0; }

  friend constexpr AccessMask operator|(AccessMask a, AccessMask b) { return raw(a.bits_ | b.bits_); }
  friend constexpr AccessMask operator&(AccessMask a, AccessMask b) { return raw(a.bits_ & b.bits_); }
  /// The letters of `a` that are not in `b`.
  friend constexpr AccessMask operator-(AccessMask a, AccessMask b) { return raw(a.bits_ & ~b.bits_); }
  constexpr AccessMask& operator|=(AccessMask b) { return *this = *this | b; }
  constexpr AccessMask& operator-=(AccessMask b) { return *this = *this - b; }
  friend constexpr bool operator==(AccessMask a, AccessMask b) { return a.bits_ == b.bits_; }

 private:
  static constexpr std::uint32_t kAllBits = (1u << kPermCount) - 1;
  static constexpr AccessMask raw(std::uint32_t bits) {
    AccessMask m;
    m.bits_ = bits;
    return m;
  }
  std::uint32_t bits_ = 0;
};

constexpr AccessMask operator|(Perm a, Perm b) { return AccessMask(a) | AccessMask(b); }

/// Every letter in printing order.
inline constexpr std::string_view kLetters = "rwaxdDtTnNcCoOyuUPvVq";

/// The permission a letter stands for, nothing for an unknown letter.
std::optional<Perm> perm_of(char letter);
/// The known letters of `letters`; unknown ones give nothing.
AccessMask mask_of(std::string_view letters);

/// What an allow ACE of these letters gives: r brings t.
constexpr AccessMask with_implied(AccessMask letters) {
  return letters.has(Perm::ReadData) ? letters | Perm::ReadAttributes : letters;
}
/// Letters in printing order (`kLetters`).
std::string letters_of(AccessMask mask);
/// Letters in the order in which reva writes them (t x r w a d C c o O u U P v V q), the others (D T n N y) after those.
std::string stored_letters_of(AccessMask mask);

}  // namespace acefs::acl
