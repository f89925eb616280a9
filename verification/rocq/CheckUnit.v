(* Certificates of kind "unit": a unit structure of one depth, layer by layer, and that it suffices for every larger K. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Better Integer Factors.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

Record structure := Structure { sK : nat; sfactors : factors }.
Definition check_unit (c : structure) : bool :=
  let: Structure K f := c in
  let D := size (middle f) in
  let den := denominator f in
  [&& (0 < K)%N, (0 < D)%N, fits K f, all (all (fun y => y == Z0)) (zless K (zoutput K f) den) &
      Z.ltb (zprod (zsq (first f).2 :: zsq (final f).2 :: [seq zsq w.2 | w <- middle f]))
            (Z.mul (zpow (Z.of_nat K) D.+2) (Z.mul den den))].

Local Open Scope ring_scope.

Theorem check_unit_sound (c : structure) : check_unit c -> let L := (size (middle (sfactors c))).+1 in
  forall K, (sK c <= K)%N -> low_rank_wins K L (width (sfactors c) + (K - sK c)).
Proof.
case: c => K0 f /= /and5P [K0p Dp ok out small] K KK; apply: unit_wins => // R.
exists (fX R K0 f), (fW R f), (fV R K0 f); split.
  by rewrite /unit_structure output_over // (zless_0 R out) scale_scalar_mx mulVf ?gt_eqF ?(den_gt0 R ok).
have := zR_lt R small; rewrite /cost /=; have := denE R f; move: (denominator f) => den eden.
rewrite !(zRM, zR_pow, zR_nat) zR_prod big_map (big_nth nolayer) big_mkord -expr2.
have [h1 h2 h3] := dens R ok.
rewrite sq_fX // sq_fV // (eq_bigr _ (fun (l : 'I_(size (middle f))) _ => sq_fW R ok l)) prodf_div prodrXl eden.
move: (zR R (first f).1) (zR R (final f).1) h1 h3 => x v xp vp.
have wp : 0 < \prod_(i < size (middle f)) zR R (nth nolayer (middle f) i).1 by rewrite prodr_gt0.
move: (\prod_(i < _) zR R (nth _ _ i).1) wp => w wp.
set sx := zR R (zsq (first f).2); set sv := zR R (zsq (final f).2); set sw := \prod_(i < _) _; set k := K0%:R ^+ _ => h.
have -> : sx / x ^+ 2 * (sw / w ^+ 2) * (sv / v ^+ 2) = sx * (sv * sw) / (x * w * v) ^+ 2.
  by field; rewrite !gt_eqF.
by rewrite ltr_pdivr_mulr ?exprn_gt0 ?mulr_gt0 // 2!exprS.
Qed.
